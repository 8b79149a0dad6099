// Every key of the configuration: the one source of validation, defaults, JSON Schema and documentation.
import * as v from 'valibot'
import { AgentSchema } from './sections/agent.ts'
import { agentMode } from './sections/agent-mode.ts'
import { chat } from './sections/chat.ts'
import { claude } from './sections/claude.ts'
import { codex } from './sections/codex.ts'
import { cleanup } from './sections/cleanup.ts'
import { cors } from './sections/cors.ts'
import { demo } from './sections/demo.ts'
import { gemini } from './sections/gemini.ts'
import { images } from './sections/images.ts'
import { log } from './sections/log.ts'
import { qwen } from './sections/qwen.ts'
import { rateLimit } from './sections/rate-limit.ts'
import { responses } from './sections/responses.ts'
import { server } from './sections/server.ts'
import { sse } from './sections/sse.ts'
import { timeouts } from './sections/timeouts.ts'
import { xml } from './sections/xml.ts'
import { optionalSetting, setting, text } from './setting.ts'

export const ConfigSchema = v.strictObject({
  server,
  rate_limit: rateLimit,
  cors,
  sse,
  timeouts,
  strict: setting(
    v.boolean(),
    false,
    'Refuse requests with a field that nothing honours, instead of naming it in the x-cligate-ignored header.',
  ),
  aliases: setting(
    v.record(text(), text()),
    {},
    'Model names that callers may use, each with the model it stands for: gpt-4o: claude/sonnet.',
  ),
  images,
  responses,
  log,
  cleanup,
  chat,
  agent: agentMode,
  xml,
  providers: v.optional(
    v.pipe(
      v.objectWithRest({ claude, codex, gemini, qwen, demo }, AgentSchema),
      v.description('Where answers come from. A name of your own with `kind: acp` adds an agent that speaks ACP.'),
    ),
    {},
  ),
  state_dir: optionalSetting(
    text(),
    'Folder for what must survive a restart. Without it, $XDG_STATE_HOME/cligate or ~/.local/state/cligate.',
    { path: 'file' },
  ),
})

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T

/** The validated configuration, with the names of the file. Deeply frozen; paths are absolute. */
export type Config = DeepReadonly<Omit<v.InferOutput<typeof ConfigSchema>, 'state_dir'> & { state_dir: string }>
