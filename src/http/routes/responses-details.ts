// What the API document says about the routes of responses.
import { errorAnswers, json, jsonAndStream } from '../openapi.ts'

const tags = ['OpenAI']
const NO_RESPONSE = { 404: { ...json('OpenAIError', 'There is no such response, or it is somebody else’s.') } }

const query = (name: string, description: string, type: 'string' | 'integer' | 'boolean' = 'string') => ({
  name,
  in: 'query',
  description,
  schema: { type },
})
const include = query('include', 'With `reasoning.encrypted_content`, reasoning carries it.')

export const DETAILS = {
  create: {
    operationId: 'responses.create',
    tags,
    summary: 'Create a response',
    responses: {
      200: jsonAndStream('ResponsesResponse', 'ResponsesStreamEvent', 'The response, whole or as a stream of events.'),
      ...errorAnswers('OpenAIError', 400, 401, 404, 413, 415, 429, 500, 502, 503, 504),
    },
  },
  countTokens: {
    operationId: 'responses.inputTokens.count',
    tags,
    summary: 'Count the tokens of a response’s input',
    responses: {
      200: json('ResponsesTokenCount', 'The count; an estimate where `x-cligate-estimate` says so.'),
      ...errorAnswers('OpenAIError', 400, 401, 404, 413, 415, 500),
    },
  },
  get: {
    operationId: 'responses.retrieve',
    tags,
    summary: 'Fetch a response',
    parameters: [
      include,
      query('stream', 'Send its events, those to come too.', 'boolean'),
      query('starting_after', 'With `stream`: the `sequence_number` of the last event that is known.', 'integer'),
    ],
    responses: {
      200: jsonAndStream('ResponsesResponse', 'ResponsesStreamEvent', 'The response as it is by now, or its events.'),
      ...errorAnswers('OpenAIError', 400, 401),
      ...NO_RESPONSE,
    },
  },
  delete: {
    operationId: 'responses.delete',
    tags,
    summary: 'Delete a response',
    responses: { 200: json('ResponsesDeleted', 'It is gone.'), ...errorAnswers('OpenAIError', 401), ...NO_RESPONSE },
  },
  inputItems: {
    operationId: 'responses.inputItems.list',
    tags,
    summary: 'List the input of a response',
    parameters: [
      query('limit', 'Most items, 1 to 100; 20 if left out.', 'integer'),
      query('order', '`asc` or `desc`, which is the usual one.'),
      query('after', 'Begin behind the item with this id.'),
      include,
    ],
    responses: {
      200: json('ResponsesItemList', 'A page of the items, those of earlier responses included.'),
      ...errorAnswers('OpenAIError', 400, 401),
      ...NO_RESPONSE,
    },
  },
  cancel: {
    operationId: 'responses.cancel',
    tags,
    summary: 'Cancel a response that runs in the background',
    responses: {
      200: json('ResponsesResponse', 'The response as it is now; one that was over already is unchanged.'),
      ...errorAnswers('OpenAIError', 400, 401),
      ...NO_RESPONSE,
    },
  },
}
