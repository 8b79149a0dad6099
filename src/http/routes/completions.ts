import { Elysia } from 'elysia'
import { GatewayError } from '../../core/error.ts'
import { openaiCompletions } from '../../dialects/openai-completions/dialect.ts'
import { withPrompt } from '../../dialects/openai-completions/prompts.ts'
import { CompletionRequest } from '../../dialects/openai-completions/schema.ts'
import { explainIssue } from '../../dialects/explain-issue.ts'
import { readJson } from '../body.ts'
import { type componentsOf, documented } from '../documented.ts'
import type { Gateway } from '../gateway.ts'
import { handle } from '../handle.ts'
import { errorAnswers, jsonAndStream } from '../openapi.ts'

/** `POST /v1/completions`, and `POST /v1/embeddings`, which is refused in words. */
export function completions(gateway: Gateway, components: ReturnType<typeof componentsOf>) {
  const body = documented(CompletionRequest, components, 'CompletionRequest', explainIssue)
  const parse = ({ request }: { request: Request }) => readJson(request, gateway.config.bodyLimit)
  return new Elysia()
    .model({ CompletionRequest: body })
    .post(
      '/v1/completions',
      ({ request, body }) => handle(eachPrompt(gateway, body), openaiCompletions(body), request, body),
      {
        // `json` never runs: it tells the document which content type a body has.
        parse: [parse, 'json'],
        body: 'CompletionRequest',
        detail: {
          operationId: 'completions.create',
          tags: ['OpenAI'],
          summary: 'Create a completion',
          deprecated: true,
          responses: {
            200: jsonAndStream('Completion', 'Completion', 'The answer, whole or as a stream of chunks.'),
            ...errorAnswers('OpenAIError', 400, 401, 404, 413, 415, 429, 500, 502, 503, 504),
          },
        },
      },
    )
    .post('/v1/embeddings', refuseEmbeddings, { parse: 'none', detail: { hide: true } })
}

/** The gateway whose turns each have the prompt that they are to. */
function eachPrompt(gateway: Gateway, body: CompletionRequest): Gateway {
  return {
    ...gateway,
    plan: async (chat) => {
      const plan = await gateway.plan(chat)
      return { ...plan, run: (turn, signal) => plan.run(withPrompt(body, turn), signal) }
    },
  }
}

function refuseEmbeddings(): never {
  throw new GatewayError(
    'invalid_request',
    'There are no embeddings here: command-line tools give none. Ask an embeddings API or a local model for them.',
    { param: 'model' },
  )
}
