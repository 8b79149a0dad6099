// The requests of `generateContent`, `streamGenerateContent` and `countTokens`, and the registry of this dialect's named schemas.
import * as v from 'valibot'
import { field, OTHER_FIELDS } from '../schema-fields.ts'
import { wholeRecord } from '../whole-record.ts'
import * as answers from './schema-answer.ts'
import * as contents from './schema-contents.ts'
import { GeminiGenerationConfig, GeminiThinkingConfig } from './schema-generation.ts'
import * as tools from './schema-tools.ts'

const MOST_CONTENTS = 10_000
/** Lists of functions; each has a limit of its own. */
const MOST_TOOLS = 1024

const fields = {
  contents: v.pipe(
    v.array(contents.GeminiContent),
    v.nonEmpty(),
    v.maxLength(MOST_CONTENTS),
    v.description('The whole conversation: the gateway keeps none of it between requests.'),
  ),
  systemInstruction: field(contents.GeminiSystemInstruction, 'Instructions to the model.'),
  tools: field(
    v.pipe(v.array(tools.GeminiTool), v.maxLength(MOST_TOOLS)),
    'Functions the model may call. Google’s own tools are refused.',
  ),
  toolConfig: field(tools.GeminiToolConfig, 'Whether the model may, must or must not call one.'),
  generationConfig: field(GeminiGenerationConfig, 'How the answer shall be.'),
  safetySettings: field(v.array(v.looseObject({ threshold: v.nullish(v.string()) })), 'Not honoured.'),
  cachedContent: field(v.string(), 'Refused: nothing is kept between requests.'),
  labels: field(wholeRecord(v.string()), 'Labels for logs.'),
  serviceTier: field(v.string(), 'Not honoured.'),
  store: field(v.boolean(), 'Not honoured: answers are not stored.'),
  continuationToken: field(v.string(), 'Not honoured.'),
  model: field(v.string(), 'Without effect: the model is in the path.'),
}

export const GeminiRequest = v.pipe(
  v.looseObject(fields),
  v.metadata({
    title: 'Generate content request',
    description: `Names of fields may also be written with underscores. ${OTHER_FIELDS}`,
    examples: [{ contents: [{ role: 'user', parts: [{ text: 'Hello!' }] }] }],
  }),
)

export const GeminiCountRequest = v.pipe(
  v.looseObject({
    contents: field(v.array(contents.GeminiContent), 'The conversation to be counted, if there is no more to it.'),
    generateContentRequest: field(GeminiRequest, 'A whole request to be counted, instead of `contents`.'),
    generationConfig: field(v.unknown(), 'Without effect.'),
    model: field(v.string(), 'Without effect: the model is in the path.'),
  }),
  v.metadata({ title: 'Count tokens request', description: 'What shall be counted.' }),
)

export type GenerateContentRequest = v.InferOutput<typeof GeminiRequest>
export type CountTokensRequest = v.InferOutput<typeof GeminiCountRequest>

/** Every named schema, for the components of the API document. */
export const schemas = {
  GeminiRequest,
  GeminiCountRequest,
  GeminiContent: contents.GeminiContent,
  GeminiSystemInstruction: contents.GeminiSystemInstruction,
  GeminiPart: contents.GeminiPart,
  GeminiBlob: contents.GeminiBlob,
  GeminiFileData: contents.GeminiFileData,
  GeminiFunctionCall: contents.GeminiFunctionCall,
  GeminiFunctionResponse: contents.GeminiFunctionResponse,
  GeminiTool: tools.GeminiTool,
  GeminiFunctionDeclaration: tools.GeminiFunctionDeclaration,
  GeminiToolConfig: tools.GeminiToolConfig,
  GeminiGenerationConfig,
  GeminiThinkingConfig,
  GeminiResponse: answers.GeminiResponse,
  GeminiAnswerPart: answers.GeminiAnswerPart,
  GeminiUsage: answers.GeminiUsage,
  GeminiError: answers.GeminiError,
  GeminiTokenCount: answers.GeminiTokenCount,
}
