// What each provider makes of functions: what its service is told where the caller forces or forbids a call, and where the
// provider cannot do what the others do, with the reason.
import type { Real } from './told.ts'

type Forced = {
  /** The service's own field. */
  choice: unknown
  /** The functions that it is shown. */
  offered: string[]
  /** The gateway sees to it, with an instruction, as the provider cannot be made to. */
  instructed?: true
}

type Expected = {
  /** The functions as the service is shown them: in the caller's order, but for those that sort them by their names. */
  offered: string[]
  auto: unknown
  required: Forced
  named: Forced
  none: Forced
  /** How many of two parallel calls come back. */
  parallel: 1 | 2
  /** The ids of calls are the model's own. */
  ownIds: boolean
  /** What an error becomes where the service has no field for it. */
  errorAs?: string
  /** Why it is not as elsewhere, for people. */
  reasons: string[]
}

const BOTH = ['get_weather', 'get_time']
const SORTED = ['get_time', 'get_weather']
const ONE = ['get_time']

export const EXPECTED: Record<Real, Expected> = {
  claude: {
    offered: SORTED,
    auto: undefined,
    required: { choice: { type: 'any' }, offered: SORTED },
    named: { choice: { type: 'tool', name: 'get_time' }, offered: SORTED },
    none: { choice: { type: 'none' }, offered: SORTED },
    parallel: 2,
    ownIds: true,
    reasons: ['Claude Code sorts functions by their names (2.1.329).'],
  },
  codex: {
    offered: BOTH,
    auto: 'auto',
    required: { choice: 'auto', offered: BOTH, instructed: true },
    named: { choice: 'auto', offered: ONE, instructed: true },
    none: { choice: 'auto', offered: [] },
    parallel: 2,
    ownIds: true,
    errorAs: 'Error: ',
    reasons: [
      'Codex 0.169 always asks for "auto", so that a call is forced by the gateway, and nothing is offered for "none".',
      'An output of the Responses API cannot say that it is an error: its text says so.',
    ],
  },
  gemini: {
    offered: BOTH,
    auto: { mode: 'AUTO' },
    required: { choice: { mode: 'ANY' }, offered: BOTH },
    named: { choice: { mode: 'ANY' }, offered: ONE },
    none: { choice: { mode: 'NONE' }, offered: BOTH },
    parallel: 2,
    ownIds: true,
    reasons: [],
  },
  qwen: {
    offered: BOTH,
    auto: 'auto',
    required: { choice: 'required', offered: BOTH },
    named: { choice: { type: 'function', function: { name: 'get_time' } }, offered: BOTH },
    none: { choice: 'none', offered: BOTH },
    parallel: 2,
    ownIds: true,
    errorAs: '',
    reasons: ['A tool message of Chat Completions cannot say that it is an error; its text is the same.'],
  },
  helper: {
    offered: BOTH,
    auto: undefined,
    required: { choice: undefined, offered: BOTH, instructed: true },
    named: { choice: undefined, offered: ONE, instructed: true },
    none: { choice: undefined, offered: [] },
    parallel: 1,
    ownIds: false,
    reasons: [
      'The protocol of agents has no word for a choice: the gateway sees to it.',
      'An agent makes one call after the other; the turn is over with the first.',
      'An agent tells its own ids of calls.',
    ],
  },
}

/** What the gateway says where a provider cannot force a call. */
export const INSTRUCTION = 'Answer by calling one of your tools.'
