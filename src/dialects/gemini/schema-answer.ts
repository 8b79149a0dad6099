// What the Gemini API answers: for the API document, the types of the encoders, and the tests.
import * as v from 'valibot'
import { gatewayUsage, ofSeveral } from '../gateway-usage.ts'
import { count } from '../schema-fields.ts'
import { wholeRecord } from '../whole-record.ts'

export const GeminiUsage = v.pipe(
  v.object({
    promptTokenCount: v.pipe(count, v.description('With what was read from and written to the cache.')),
    candidatesTokenCount: v.pipe(count, v.description('Without thinking.')),
    thoughtsTokenCount: v.optional(count),
    cachedContentTokenCount: v.pipe(v.optional(count), v.description('What the cache gave of the prompt.')),
    totalTokenCount: count,
    x_cligate: gatewayUsage('Google', ofSeveral),
  }),
  v.metadata({ title: 'Usage', description: 'Tokens of all answers together, as the provider reports them.' }),
)

const thoughtSignature = v.optional(v.string())

export const GeminiAnswerPart = v.pipe(
  v.union([
    v.object({ text: v.string(), thought: v.optional(v.literal(true)), thoughtSignature }),
    v.object({
      functionCall: v.object({ id: v.string(), name: v.string(), args: wholeRecord(v.unknown()) }),
      thoughtSignature,
    }),
  ]),
  v.metadata({ title: 'Answer part', description: 'A part of an answer. Send it back as it is.' }),
)

export const GeminiResponse = v.pipe(
  v.object({
    candidates: v.optional(
      v.array(
        v.object({
          content: v.object({ role: v.literal('model'), parts: v.array(GeminiAnswerPart) }),
          finishReason: v.optional(v.picklist(['STOP', 'MAX_TOKENS', 'SAFETY'])),
          index: count,
        }),
      ),
    ),
    promptFeedback: v.pipe(
      v.optional(v.object({ blockReason: v.literal('PROHIBITED_CONTENT') })),
      v.description('Instead of candidates: the provider refused to answer at all.'),
    ),
    usageMetadata: v.pipe(v.optional(GeminiUsage), v.description('Left out where the provider told no numbers.')),
    modelVersion: v.pipe(v.string(), v.description('The model’s name as the request gave it.')),
    responseId: v.string(),
  }),
  v.metadata({ title: 'Response', description: 'A whole answer, or a piece of a streamed one.' }),
)

export const GeminiError = v.pipe(
  v.object({
    error: v.object({
      code: v.pipe(v.number(), v.integer(), v.description('The HTTP status.')),
      message: v.string(),
      status: v.pipe(v.string(), v.description('Google’s name for it: `INVALID_ARGUMENT`, …')),
      details: v.array(
        v.variant('@type', [
          v.object({
            '@type': v.literal('type.googleapis.com/google.rpc.ErrorInfo'),
            reason: v.pipe(v.string(), v.description('The gateway’s own code, in capitals: `MODEL_NOT_FOUND`, …')),
            domain: v.literal('cligate'),
          }),
          v.object({
            '@type': v.literal('type.googleapis.com/google.rpc.BadRequest'),
            fieldViolations: v.array(v.object({ field: v.string(), description: v.string() })),
          }),
          v.object({
            '@type': v.literal('type.googleapis.com/google.rpc.RetryInfo'),
            retryDelay: v.pipe(v.string(), v.description('Seconds: `7s`.')),
          }),
        ]),
      ),
    }),
  }),
  v.metadata({ title: 'Error', description: 'Why a request failed; in a stream, why the answer ends early.' }),
)

export const GeminiTokenCount = v.pipe(
  v.object({ totalTokens: count }),
  v.metadata({
    title: 'Token count',
    description: 'Tokens of a request. An estimate where the header `x-cligate-estimate` says so.',
  }),
)

export type GeminiUsage = v.InferOutput<typeof GeminiUsage>
export type GeminiAnswerPart = v.InferOutput<typeof GeminiAnswerPart>
export type GeminiResponse = v.InferOutput<typeof GeminiResponse>
export type GeminiError = v.InferOutput<typeof GeminiError>
