import * as v from 'valibot'
import { text } from '../setting.ts'
import { variableMap } from './provider.ts'
import { workers } from './turns.ts'

/** Any agent that speaks the Agent Client Protocol: `providers.<name>` with `kind: acp`. */
export const AgentSchema = v.pipe(
  v.strictObject({
    kind: v.pipe(v.literal('acp'), v.description('The protocol that the agent speaks.')),
    enabled: v.optional(v.pipe(v.boolean(), v.description('Offer its models.')), true),
    command: v.pipe(text(), v.description('The program: a name on PATH, or a path.')),
    args: v.optional(v.pipe(v.array(v.string()), v.description('Its arguments, such as --acp.')), []),
    env: v.optional(
      v.pipe(variableMap(), v.description('Variables for its processes. They inherit next to nothing else.')),
      {},
    ),
    files: v.optional(
      v.pipe(
        v.record(v.string(), v.string()),
        v.description(
          "Files written into a process's own folder before it starts, by path: settings that take its tools away.",
        ),
      ),
      {},
    ),
    inherit: v.optional(
      v.pipe(
        v.array(text()),
        v.description('Names of variables that its processes may inherit besides: its credentials.'),
      ),
      [],
    ),
    models: v.optional(
      v.pipe(v.array(text()), v.description('Models to offer. Without any, those that the agent itself names.')),
      [],
    ),
    warm: workers(0),
  }),
  v.description('An agent that speaks ACP, under a name of your own.'),
)
