import { Elysia } from 'elysia'
import * as v from 'valibot'
import { GatewayError } from '../../core/error.ts'
import { PERMISSION_MODES, type RawRequest } from '../../core/raw.ts'
import { explainIssue } from '../../dialects/explain-issue.ts'
import { admitAgent } from '../../policy/agent-mode.ts'
import { mayDo } from '../../policy/caller.ts'
import { readJson } from '../body.ts'
import { type componentsOf, documented } from '../documented.ts'
import { eventStream } from '../event-stream.ts'
import { exchangeOf } from '../exchange.ts'
import type { Gateway } from '../gateway.ts'
import { errorAnswers, json } from '../openapi.ts'
import { RawStream, rawBatches } from '../raw-stream.ts'

/** Ids end up in argv: none looks like a flag. */
const PROCESS_ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/
/** Silence on this stream is longer than on others: tools run. */
const KEEP_ALIVE = 15_000

const text = (limit: number) => v.pipe(v.string(), v.maxLength(limit, `must have at most ${limit} characters`))
const toolName = v.pipe(v.string(), v.regex(/^(?!default$)[A-Za-z][A-Za-z0-9_-]{0,127}$/, 'must be the name of a tool'))
/** `Bash(git *)`, `Edit(src/**)`, `mcp__server__*`; nothing that a settings file or a shell reads otherwise. */
const toolRule = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z][\w*-]{0,127}(?:\([^\p{Cc}]{1,512}\))?$/u, 'must be a tool or a rule such as Bash(git *)'),
)
const list = <const Item extends v.GenericSchema>(item: Item) =>
  v.pipe(v.array(item), v.maxLength(256, 'must have at most 256 entries'))
const folder = v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(4096, 'is too long'))

const RawChatRequest = v.pipe(
  v.strictObject({
    prompt: v.pipe(text(16_000_000), v.nonEmpty('must not be empty'), v.description('What is asked.')),
    provider: v.optional(
      v.pipe(
        v.string(),
        v.regex(PROCESS_ID, 'must be the name of a provider'),
        v.description('Whose CLI; `claude`, if left out.'),
      ),
      'claude',
    ),
    model: v.optional(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$/, 'must be the name of a model')),
    ),
    cwd: v.optional(
      v.pipe(folder, v.description('Folder to work in, below one of `agent.roots`. Without it, a chat without tools.')),
    ),
    session_id: v.optional(
      v.pipe(v.string(), v.regex(PROCESS_ID, 'must be the id of a session'), v.description('Session to go on with.')),
    ),
    fork: v.optional(v.pipe(v.boolean(), v.description('Go on in a new session.'))),
    system_prompt: v.optional(v.pipe(text(4_000_000), v.description('In place of the system prompt of the CLI.'))),
    append_system_prompt: v.optional(v.pipe(text(4_000_000), v.description('Behind the system prompt.'))),
    tools: v.optional(v.pipe(list(toolName), v.description('The tools there are. An empty list is none.'))),
    allowed_tools: v.optional(
      v.pipe(list(toolRule), v.description('What needs no permission, such as `Bash(git *)`.')),
    ),
    disallowed_tools: v.optional(v.pipe(list(toolRule), v.description('What is refused, whatever else allows it.'))),
    permission_mode: v.optional(v.picklist(PERMISSION_MODES)),
    max_turns: v.optional(
      v.pipe(
        v.number(),
        v.integer('must be a whole number'),
        v.minValue(1, 'must be 1 or more'),
        v.maxValue(10_000, 'must be 10000 or less'),
      ),
    ),
    add_dirs: v.optional(v.pipe(list(folder), v.description('More folders below `agent.roots`.'))),
    json_schema: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('Form of the answer.'))),
    mcp_config: v.optional(v.pipe(v.unknown(), v.description('Refused: the configuration names MCP servers.'))),
  }),
  v.metadata({ title: 'RawChatRequest', description: 'A prompt for a CLI whose own output is wanted.' }),
)

const StoppedProcess = v.pipe(
  v.object({ process_id: v.string(), stopped: v.literal(true) }),
  v.metadata({ title: 'StoppedProcess' }),
)

export const schemas = { RawChatRequest, StoppedProcess }
type RawBody = v.InferOutput<typeof RawChatRequest>

/** `POST /chat`: the lines of a CLI as they are; `DELETE /chat/{process_id}` stops it. */
export function raw(gateway: Gateway, components: ReturnType<typeof componentsOf>) {
  const schema = documented(RawChatRequest, components, 'RawChatRequest', explainIssue)
  const parse = ({ request }: { request: Request }) => readJson(request, gateway.config.bodyLimit)
  return new Elysia()
    .model({ RawChatRequest: schema })
    .post('/chat', ({ request, body }) => answer(gateway, request, body), {
      parse: [parse, 'json' as const],
      body: 'RawChatRequest',
      detail: {
        operationId: 'raw.create',
        tags: ['Gateway'],
        summary: 'Run a CLI and stream its own output',
        description:
          'Events: `message` with a line of the CLI each, then `done` with `process_id`, or `error`. The header `x-cligate-process-id` has the id from the beginning.',
        responses: {
          200: {
            description: 'The stream.',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          ...errorAnswers('OpenAIError', 400, 401, 413, 415, 429, 500, 502, 503, 504),
        },
      },
    })
    .delete('/chat/:process_id', ({ params }) => stop(gateway, params.process_id), {
      detail: {
        operationId: 'raw.stop',
        tags: ['Gateway'],
        summary: 'Stop a CLI with all that it started',
        responses: { 200: json('StoppedProcess', 'It is gone.'), ...errorAnswers('OpenAIError', 401, 404) },
      },
    })
}

async function answer(gateway: Gateway, request: Request, body: RawBody): Promise<Response> {
  const exchange = exchangeOf(request)
  exchange.holdOpen()
  exchange.follow()
  const { record } = exchange
  record.dialect = 'raw'
  record.provider = body.provider
  record.stream = true
  if (body.model !== undefined) record.model = body.model
  const asked = decode(body, gateway)
  if (asked.agent !== undefined && !mayDo(exchange.caller, 'admin')) {
    throw new GatewayError(
      'permission_denied',
      'This key may not let a CLI work in a folder: it needs the scope admin.',
      {
        param: 'cwd',
      },
    )
  }
  const run = await gateway.raw.start(asked, exchange.signal)
  exchange.ready()
  const stream = new RawStream(run.id)
  const failed = () => {
    gateway.log.warn(
      { requestId: record.requestId, provider: run.provider, stderr: run.lastWords() },
      'a CLI said nothing',
    )
    return new GatewayError('provider_error', 'The CLI ended without an answer. The log has what it said.')
  }
  const { headAfterMs, keepAliveMs } = gateway.config
  const response = await eventStream(rawBatches(run, stream, failed), stream, exchange, {
    headAfterMs,
    keepAliveMs: Math.min(keepAliveMs, KEEP_ALIVE),
  })
  response.headers.set('x-cligate-process-id', run.id)
  return response
}

/** @throws GatewayError what the policy has against it */
function decode(body: RawBody, gateway: Gateway): RawRequest {
  const agent = admitAgent(
    {
      cwd: body.cwd,
      addDirs: body.add_dirs,
      tools: body.tools,
      allowedTools: body.allowed_tools,
      disallowedTools: body.disallowed_tools,
      permissionMode: body.permission_mode,
      sessionId: body.session_id,
      fork: body.fork,
      mcpConfig: body.mcp_config,
    },
    gateway.config.agentMode ?? { roots: [], skipPermissions: false },
  )
  return {
    prompt: body.prompt,
    provider: body.provider,
    model: body.model,
    system: body.system_prompt,
    appendSystem: body.append_system_prompt,
    maxTurns: body.max_turns,
    jsonSchema: body.json_schema,
    agent,
  }
}

async function stop(gateway: Gateway, id: string) {
  if (PROCESS_ID.test(id) && (await gateway.raw.stop(id))) return { process_id: id, stopped: true as const }
  throw new GatewayError('not_found', 'There is no such process. GET /processes lists those there are.', {
    param: 'process_id',
  })
}
