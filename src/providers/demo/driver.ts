import { GatewayError } from '../../core/error.ts'
import type { Batch } from '../../core/event.ts'
import type { Turn } from '../../core/turn.ts'
import type { Driver } from '../driver.ts'
import { nearestNames } from '../model-name.ts'
import { type Behaviour, readDirectives } from './behaviour.ts'
import { behaviourOf, MODELS } from './models.ts'
import { promptOf } from './prompt.ts'
import { type Clock, sleep, speak } from './speak.ts'

/**
 * An embedded model that needs no account and no process: the same request always gets the same answer. For first runs,
 * documentation and load tests. Answers come as fast as they are read, if not slowed down by the model (`demo/slow`) or
 * by directives at the beginning of the last user message: `/delay 50 /tokens 300 /error 429 after 5`; `/help` answers
 * with all of them. Usage is exact, in its own tokens.
 */
export function createDemoDriver(clock: Partial<Clock> = {}): Driver {
  const times: Clock = { now: Date.now, sleep, ...clock }
  const closing = new AbortController()

  async function* run({ request, model }: Turn, signal: AbortSignal): AsyncGenerator<Batch> {
    const seen = promptOf(request)
    const preset = behaviourOf(model, request.reasoning.effort)
    if (!preset) throw unknownModel(model)
    const { behaviour, prompt } = readDirectives(seen.text, preset)
    const speech = { behaviour, prompt: { ...seen, text: prompt }, request, model }
    yield* speak(speech, times, isQuick(behaviour) ? signal : AbortSignal.any([signal, closing.signal]))
  }

  return {
    name: 'demo',
    support: (_, model) => ({
      maxTokens: 'native',
      stop: 'emulated',
      count: 'emulated',
      seed: 'native',
      tools: 'native',
      // An echo cannot be made to say or do anything else: there the gateway's own ways can be seen.
      toolChoice: model === 'echo' ? 'emulated' : 'native',
      parallelToolCalls: model === 'echo' ? 'emulated' : 'native',
      // Arguments are made from the schema.
      strictTools: 'native',
      output: model === 'echo' ? 'emulated' : 'native',
      effort: model === 'reasoning' ? 'native' : 'ignored',
    }),
    run,
    models: async () => [...MODELS],
    status: async () => ({
      provider: 'demo',
      state: 'ready',
      notes: ['An embedded model that needs no account. Send it /help to see what it can do.'],
    }),
    processes: () => [],
    close: async () => closing.abort(new GatewayError('provider_unavailable', 'The gateway is shutting down.')),
  }
}

/** Whether a turn is over before anything could end it. */
function isQuick({ wait, delay, hang }: Behaviour): boolean {
  return wait === 0 && delay === 0 && !hang
}

function unknownModel(model: string): GatewayError {
  const near = nearestNames(
    model,
    MODELS.map(({ id }) => id),
  )
  const hint = near.length > 0 ? ` Did you mean demo/${near.join(' or demo/')}?` : ''
  return new GatewayError('model_not_found', `There is no model "demo/${model}".${hint}`, { param: 'model' })
}
