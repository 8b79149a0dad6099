// The Gemini API in the API document. The swagger plugin leaves out paths with `*`.
import { errorAnswers, json, jsonAndStream } from '../openapi.ts'

const MODEL = {
  name: 'model',
  in: 'path' as const,
  required: true,
  description: 'Slashes and colons may stand as they are.',
  schema: { type: 'string' as const },
}

const body = (name: string) => ({
  required: true,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
})

const query = (name: string, description: string, type: 'string' | 'integer') => ({
  name,
  in: 'query' as const,
  description,
  schema: { type },
})

const FAILURES = errorAnswers('GeminiError', 400, 401, 404, 413, 415, 429, 500, 502, 503, 504)

export const paths = {
  '/v1beta/models/{model}:generateContent': {
    post: {
      operationId: 'models.generateContent',
      tags: ['Gemini'],
      summary: 'Generate an answer',
      parameters: [MODEL],
      requestBody: body('GeminiRequest'),
      responses: { 200: json('GeminiResponse', 'The answer.'), ...FAILURES },
    },
  },
  '/v1beta/models/{model}:streamGenerateContent': {
    post: {
      operationId: 'models.streamGenerateContent',
      tags: ['Gemini'],
      summary: 'Stream an answer',
      parameters: [MODEL, query('alt', '`sse` for events; else the answer is a JSON array that grows.', 'string')],
      requestBody: body('GeminiRequest'),
      responses: {
        200: jsonAndStream('GeminiResponse', 'GeminiResponse', 'The answer in pieces.'),
        ...FAILURES,
      },
    },
  },
  '/v1beta/models/{model}:countTokens': {
    post: {
      operationId: 'models.countTokens',
      tags: ['Gemini'],
      summary: 'Count the tokens of a request',
      parameters: [MODEL],
      requestBody: body('GeminiCountRequest'),
      responses: {
        200: json('GeminiTokenCount', 'The count; an estimate where `x-cligate-estimate` says so.'),
        ...errorAnswers('GeminiError', 400, 401, 404, 413, 415, 500),
      },
    },
  },
  '/v1beta/models': {
    get: {
      operationId: 'geminiModels.list',
      tags: ['Gemini'],
      summary: 'List the models',
      parameters: [
        query('pageSize', 'Without it all models are listed.', 'integer'),
        query('pageToken', '`nextPageToken` of the page before.', 'string'),
      ],
      responses: { 200: json('GeminiModelPage', 'The models.'), ...errorAnswers('GeminiError', 400, 401) },
    },
  },
  '/v1beta/models/{model}': {
    get: {
      operationId: 'geminiModels.retrieve',
      tags: ['Gemini'],
      summary: 'Retrieve one model',
      parameters: [MODEL],
      responses: { 200: json('GeminiModel', 'The model.'), ...errorAnswers('GeminiError', 401, 404) },
    },
  },
}
