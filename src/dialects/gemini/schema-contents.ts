// What a conversation is made of. Objects are loose: unknown fields are reported, not refused.
import * as v from 'valibot'
import { wholeRecord } from '../whole-record.ts'

const note = (description: string) => v.pipe(v.nullish(v.unknown()), v.description(description))

export const GeminiBlob = v.pipe(
  v.looseObject({
    mimeType: v.pipe(v.string(), v.nonEmpty(), v.description('`image/…`, `application/pdf` or `text/…`.')),
    data: v.pipe(v.string(), v.nonEmpty(), v.description('Base64, of either alphabet.')),
    displayName: v.nullish(v.string()),
  }),
  v.metadata({ title: 'Blob', description: 'Bytes of an image or a document.' }),
)

export const GeminiFileData = v.pipe(
  v.looseObject({
    fileUri: v.pipe(v.string(), v.nonEmpty(), v.description('An http(s) address; the gateway fetches it.')),
    mimeType: v.nullish(v.string()),
    displayName: v.nullish(v.string()),
  }),
  v.metadata({
    title: 'File data',
    description: 'An image or a document by its address. Uploaded files are not kept.',
  }),
)

export const GeminiFunctionCall = v.pipe(
  v.looseObject({
    name: v.pipe(v.string(), v.nonEmpty()),
    args: v.nullish(wholeRecord(v.unknown())),
    id: v.nullish(v.string()),
  }),
  v.metadata({ title: 'Function call', description: 'A call that the model made.' }),
)

export const GeminiFunctionResponse = v.pipe(
  v.looseObject({
    name: v.pipe(v.nullish(v.string()), v.description('Names the call where there is no `id`.')),
    id: v.nullish(v.string()),
    response: v.pipe(
      v.nullish(wholeRecord(v.unknown())),
      v.description('`output` or `result` alone is the result itself, `error` alone a failure; else the whole object.'),
    ),
    parts: v.nullish(
      v.array(v.looseObject({ inlineData: v.nullish(GeminiBlob), fileData: v.nullish(GeminiFileData) })),
    ),
    willContinue: note('Not honoured.'),
    scheduling: note('Not honoured.'),
  }),
  v.metadata({ title: 'Function response', description: 'What a function of yours gave.' }),
)

export const GeminiPart = v.pipe(
  v.looseObject({
    text: v.nullish(v.string()),
    thought: v.pipe(v.nullish(v.boolean()), v.description('The text is the model’s thinking.')),
    thoughtSignature: v.pipe(v.nullish(v.string()), v.description('As the answer had it: send it back unchanged.')),
    inlineData: v.nullish(GeminiBlob),
    fileData: v.nullish(GeminiFileData),
    functionCall: v.nullish(GeminiFunctionCall),
    functionResponse: v.nullish(GeminiFunctionResponse),
    executableCode: note('Not honoured: what Google’s own tools left in a conversation.'),
    codeExecutionResult: note('Not honoured.'),
    toolCall: note('Not honoured.'),
    toolResponse: note('Not honoured.'),
    videoMetadata: note('Not honoured.'),
    mediaResolution: note('Not honoured.'),
    partMetadata: note('Not honoured.'),
  }),
  v.metadata({ title: 'Part', description: 'A text, an image, a document, a call or a result: one of them.' }),
)

export const GeminiContent = v.pipe(
  v.looseObject({
    role: v.pipe(
      v.nullish(v.picklist(['user', 'model', 'function'])),
      v.description('`user` if left out; `function` is the old name of a user who gives results.'),
    ),
    parts: v.nullish(v.array(GeminiPart)),
  }),
  v.metadata({ title: 'Content', description: 'One message of the conversation.' }),
)

export const GeminiSystemInstruction = v.pipe(
  v.union([v.string(), v.looseObject({ role: v.nullish(v.string()), parts: v.nullish(v.array(GeminiPart)) })]),
  v.metadata({ title: 'System instruction', description: 'Instructions to the model: a string, or parts of text.' }),
)

export type Content = v.InferOutput<typeof GeminiContent>
export type Part = v.InferOutput<typeof GeminiPart>
export type Blob = v.InferOutput<typeof GeminiBlob>
export type FileData = v.InferOutput<typeof GeminiFileData>
export type FunctionResponse = v.InferOutput<typeof GeminiFunctionResponse>
