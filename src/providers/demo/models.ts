import type { Effort } from '../../core/request.ts'
import type { Model } from '../driver.ts'
import type { Behaviour } from './behaviour.ts'
import { failureOf } from './failures.ts'

type DemoModel = { id: string; aliases?: string[]; title: string; about: string; behaviour?: Partial<Behaviour> }

const PLAIN: Behaviour = { says: 'chat', calls: [], reasoning: 0, wait: 0, delay: 0 }
/** How much `demo/reasoning` thinks, in tokens. */
const THOUGHT: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 10,
  low: 25,
  medium: 50,
  high: 100,
  xhigh: 200,
  max: 400,
}
const FAILING = ['401', '429', '500', '503']

export const DEMO_MODELS: readonly DemoModel[] = [
  { id: 'chat', aliases: ['text'], title: 'Demo chat', about: 'tells what it is and quotes you' },
  { id: 'echo', title: 'Demo echo', about: 'says your last message again', behaviour: { says: 'echo' } },
  { id: 'reasoning', title: 'Demo reasoning', about: 'thinks before it answers; the effort tells how much' },
  {
    id: 'tools',
    title: 'Demo tools',
    about: 'calls your functions and answers from their results',
    behaviour: { says: 'tools' },
  },
  { id: 'long', title: 'Demo long', about: 'says 2,000 tokens', behaviour: { tokens: 2_000 } },
  { id: 'slow', title: 'Demo slow', about: 'says 20 tokens a second', behaviour: { delay: 50 } },
  { id: 'unicode', title: 'Demo Unicode', about: 'speaks in many scripts', behaviour: { says: 'unicode' } },
  ...FAILING.map((status) => ({
    id: `error-${status}`,
    title: `Demo error ${status}`,
    about: `fails with status ${status}`,
  })),
  {
    id: 'error-mid-stream',
    title: 'Demo error in mid-stream',
    about: 'fails after 5 tokens',
    behaviour: { failure: { error: failureOf('provider_error')!, after: 5 } },
  },
  { id: 'hang', title: 'Demo hang', about: 'never answers', behaviour: { hang: {} } },
]

/** What a model does if the prompt asks for nothing else; undefined for a name that is none. */
export function behaviourOf(model: string, effort: Effort = 'medium'): Behaviour | undefined {
  if (model === 'reasoning') return { ...PLAIN, reasoning: THOUGHT[effort] }
  const known = DEMO_MODELS.find(({ id, aliases }) => id === model || aliases?.includes(model))
  if (known?.behaviour) return { ...PLAIN, ...known.behaviour }
  const error = model.startsWith('error-') ? failureOf(model.slice('error-'.length)) : undefined
  if (error) return { ...PLAIN, failure: { error } }
  return known && PLAIN
}

export const MODELS: readonly Model[] = DEMO_MODELS.map(({ id, aliases = [], title }) => ({
  id,
  displayName: title,
  aliases,
  efforts: id === 'reasoning' ? Object.keys(THOUGHT) : [],
}))
