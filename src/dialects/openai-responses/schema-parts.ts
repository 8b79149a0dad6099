// The content of messages and of results. Objects are loose: unknown fields are reported, not refused.
import * as v from 'valibot'

/** Far beyond any real message. */
const MAX_PARTS = 1000

const unused = v.pipe(v.nullish(v.unknown()), v.description('Without effect.'))
const notHonoured = v.pipe(v.nullish(v.unknown()), v.description('Not honoured.'))
const fileId = v.pipe(v.nullish(v.string()), v.description('Refused: uploaded files are not kept here.'))

export const ResponsesInputText = v.pipe(
  v.looseObject({ type: v.literal('input_text'), text: v.string(), prompt_cache_breakpoint: unused }),
  v.metadata({ title: 'Input text', description: 'A piece of text.' }),
)

export const ResponsesInputImage = v.pipe(
  v.looseObject({
    type: v.literal('input_image'),
    image_url: v.pipe(v.nullish(v.string()), v.description('`data:image/png;base64,…`, or an http(s) URL.')),
    file_id: fileId,
    detail: v.pipe(v.nullish(v.string()), v.description('Only `auto` and `original` are honoured.')),
    prompt_cache_breakpoint: unused,
  }),
  v.metadata({ title: 'Input image', description: 'An image, inline or by its address.' }),
)

export const ResponsesInputFile = v.pipe(
  v.looseObject({
    type: v.literal('input_file'),
    file_data: v.pipe(v.nullish(v.string()), v.description('`data:application/pdf;base64,…`, or the bare base64.')),
    file_url: v.pipe(v.nullish(v.string()), v.description('An http(s) URL.')),
    file_id: fileId,
    filename: v.nullish(v.string()),
    detail: v.pipe(v.nullish(v.string()), v.description('Only `auto` is honoured.')),
    prompt_cache_breakpoint: unused,
  }),
  v.metadata({ title: 'Input file', description: 'A PDF or text document.' }),
)

export const ResponsesInputAudio = v.pipe(
  v.looseObject({ type: v.literal('input_audio'), input_audio: v.optional(v.unknown()) }),
  v.metadata({ title: 'Input audio', description: 'Refused: no CLI takes audio.' }),
)

export const ResponsesSaidText = v.pipe(
  v.looseObject({ type: v.literal('output_text'), text: v.string(), annotations: notHonoured, logprobs: unused }),
  v.metadata({ title: 'Output text', description: 'What the model said earlier.' }),
)

export const ResponsesSaidRefusal = v.pipe(
  v.looseObject({ type: v.literal('refusal'), refusal: v.string() }),
  v.metadata({ title: 'Refusal', description: 'What the model said when it refused.' }),
)

export const messageContent = v.union([
  v.string(),
  v.pipe(
    v.array(
      v.variant('type', [
        ResponsesInputText,
        ResponsesInputImage,
        ResponsesInputFile,
        ResponsesInputAudio,
        ResponsesSaidText,
        ResponsesSaidRefusal,
      ]),
    ),
    v.maxLength(MAX_PARTS),
  ),
])

/** What a function of the caller gave. */
export const resultContent = v.union([
  v.string(),
  v.pipe(
    v.array(v.variant('type', [ResponsesInputText, ResponsesInputImage, ResponsesInputFile, ResponsesInputAudio])),
    v.maxLength(MAX_PARTS),
  ),
])

export type InputImage = v.InferOutput<typeof ResponsesInputImage>
export type InputFile = v.InferOutput<typeof ResponsesInputFile>
export type ContentPart = Exclude<v.InferOutput<typeof messageContent>, string>[number]
