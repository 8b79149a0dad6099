// What a model does with each parameter, found out by planning a request that has it. Nothing is run.
import { GatewayError } from '../core/error.ts'
import { type ChatRequest, type Parameter, PARAMETERS, type Tool } from '../core/request.ts'
import type { Plan } from '../core/run.ts'
import type { Support } from '../core/turn.ts'

/** `refused`: a request that has the parameter is a 400. */
export type Capability = Support | 'refused'

export type Capabilities = { provider: string; model: string; parameters: Record<Parameter, Capability> }

const TOOL: Tool = { name: 'look_up', description: '', parameters: { type: 'object', properties: {} }, strict: false }

const sampling = (value: Partial<ChatRequest['sampling']>) => ({ sampling: { stop: [], ...value } })

/** A value of each parameter that asks for something, as it is common. */
const PROBES: Readonly<Record<Parameter, Partial<ChatRequest>>> = {
  temperature: sampling({ temperature: 0.5 }),
  topP: sampling({ topP: 0.9 }),
  topK: sampling({ topK: 40 }),
  maxTokens: sampling({ maxTokens: 4096 }),
  stop: sampling({ stop: ['END'] }),
  seed: sampling({ seed: 1 }),
  frequencyPenalty: sampling({ frequencyPenalty: 0.5 }),
  presencePenalty: sampling({ presencePenalty: 0.5 }),
  count: { count: 2 },
  effort: { reasoning: { effort: 'low' } },
  user: { user: 'someone' },
  metadata: { metadata: { label: 'x' } },
  tools: { tools: [TOOL] },
  toolChoice: { tools: [TOOL], toolChoice: { type: 'required' } },
  parallelToolCalls: { tools: [TOOL], parallelToolCalls: false },
  strictTools: { tools: [{ ...TOOL, strict: true }] },
  output: { output: { type: 'json-schema', name: 'answer', schema: { type: 'object', properties: {} }, strict: true } },
}

/** @throws GatewayError `model_not_found`, or whatever else keeps the model from answering at all */
export async function capabilitiesOf(
  plan: (request: ChatRequest) => Plan | Promise<Plan>,
  base: Pick<ChatRequest, 'model' | 'provider'>,
): Promise<Capabilities> {
  const { provider, model } = await plan(probe(base, {}))
  const entries: [Parameter, Capability][] = []
  for (const parameter of PARAMETERS) {
    const request = probe(base, { ...PROBES[parameter], given: { [parameter]: parameter } })
    entries.push([parameter, await capability(plan, request, parameter)])
  }
  return { provider, model, parameters: Object.fromEntries(entries) as Record<Parameter, Capability> }
}

async function capability(
  plan: (request: ChatRequest) => Plan | Promise<Plan>,
  request: ChatRequest,
  parameter: Parameter,
): Promise<Capability> {
  try {
    return (await plan(request)).support?.[parameter] ?? 'ignored'
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'unsupported_parameter') return 'refused'
    throw thrown
  }
}

function probe(base: Pick<ChatRequest, 'model' | 'provider'>, fields: Partial<ChatRequest>): ChatRequest {
  return {
    system: [],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: { type: 'text' },
    sampling: { stop: [] },
    reasoning: {},
    stream: false,
    count: 1,
    metadata: {},
    given: {},
    unsupported: [],
    ...base,
    ...fields,
  }
}
