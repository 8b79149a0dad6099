// Every key of the configuration: the one source of validation, defaults, JSON Schema and documentation.
import * as v from 'valibot'
import { chat } from './sections/chat.ts'
import { claude } from './sections/claude.ts'
import { cleanup } from './sections/cleanup.ts'
import { cors } from './sections/cors.ts'
import { demo } from './sections/demo.ts'
import { images } from './sections/images.ts'
import { log } from './sections/log.ts'
import { server } from './sections/server.ts'
import { sse } from './sections/sse.ts'
import { timeouts } from './sections/timeouts.ts'
import { optionalSetting, section, setting, text } from './setting.ts'

export const ConfigSchema = v.strictObject({
  server,
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
  log,
  cleanup,
  chat,
  providers: section('Where answers come from.', { claude, demo }),
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
