import { Elysia } from 'elysia'
import * as v from 'valibot'
import type { Gateway } from '../gateway.ts'
import { errorAnswers, json } from '../openapi.ts'

const AuthStatus = v.pipe(
  v.object({
    providers: v.array(
      v.object({
        provider: v.string(),
        state: v.picklist(['ready', 'not-installed', 'not-logged-in', 'degraded', 'disabled']),
        version: v.optional(v.string()),
        auth_method: v.optional(v.pipe(v.string(), v.description('How it is logged in, such as `api_key`.'))),
        notes: v.pipe(v.array(v.string()), v.description('What is wrong or worth knowing.')),
        fix: v.optional(v.pipe(v.string(), v.description('The command that mends it.'))),
      }),
    ),
  }),
  v.metadata({ title: 'AuthStatus', description: 'Which providers are installed and logged in.' }),
)

const Processes = v.pipe(
  v.object({
    object: v.literal('list'),
    data: v.array(
      v.object({
        pid: v.pipe(v.number(), v.integer()),
        provider: v.string(),
        state: v.picklist(['booting', 'idle', 'busy', 'stopping']),
        started_at: v.pipe(v.string(), v.isoTimestamp()),
        age_seconds: v.number(),
        memory_bytes: v.optional(v.pipe(v.number(), v.description('Resident memory, where the system tells it.'))),
        turn: v.optional(v.pipe(v.string(), v.description('The answer it works on.'))),
      }),
    ),
  }),
  v.metadata({ title: 'Processes', description: 'The child processes of the gateway.' }),
)

export const schemas = { AuthStatus, Processes }
export type AuthStatus = v.InferOutput<typeof AuthStatus>
export type Processes = v.InferOutput<typeof Processes>

/** Milliseconds the providers have to tell their state. */
const STATUS_DEADLINE = 10_000

/** `GET /v1/auth/status` and `GET /processes`: what the owner of the gateway wants to see. */
export function providers(gateway: Gateway) {
  return new Elysia()
    .get(
      '/v1/auth/status',
      async (): Promise<AuthStatus> => {
        const all = await gateway.providers(AbortSignal.timeout(STATUS_DEADLINE))
        // Not the path: callers need not know where things lie on this machine.
        return {
          providers: all.map(({ provider, state, version, authMethod, notes, fix }) => ({
            provider,
            state,
            version,
            auth_method: authMethod,
            notes,
            fix,
          })),
        }
      },
      {
        detail: {
          operationId: 'auth.status',
          tags: ['Gateway'],
          summary: 'Which providers are installed and logged in',
          description: 'Asks each CLI, without calling a model.',
          responses: { 200: json('AuthStatus', 'The state of each provider.'), ...errorAnswers('OpenAIError', 401) },
        },
      },
    )
    .get('/processes', (): Processes => ({ object: 'list', data: gateway.processes().map(encode) }), {
      detail: {
        operationId: 'processes.list',
        tags: ['Gateway'],
        summary: 'The child processes of the gateway',
        responses: { 200: json('Processes', 'All of them, idle ones too.'), ...errorAnswers('OpenAIError', 401) },
      },
    })
}

function encode({ pid, provider, state, startedAt, memory, turn }: ReturnType<Gateway['processes']>[number]) {
  return {
    pid,
    provider,
    state,
    started_at: new Date(startedAt).toISOString(),
    age_seconds: Math.max(0, Math.round((Date.now() - startedAt) / 100) / 10),
    memory_bytes: memory,
    turn,
  }
}
