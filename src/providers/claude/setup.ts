// What a process has to be told before the conversation. The part that recurs is told ahead, while it waits for a turn.
import { settingsFrame, systemPromptFrame, thinkingFrame, toolsChangedFrame } from './frames.ts'
import type { Parameters } from './parameters.ts'
import { NO_TOOLS } from './tools.ts'

/** What recurs from turn to turn. */
export type Launch = {
  /** Full name; aliases are resolved. */
  model: string
  system: string
  effort: string | null
  thinking: number | null
  /** The caller's functions, as the MCP server lists them: JSON. */
  tools: string
}

/** What is of one turn. */
export type TurnSettings = Pick<Parameters, 'maxTokens' | 'body' | 'betas' | 'metadata'>

/** A key of what recurs; not to be turned back into the system prompt. */
export function launchKey({ model, system, effort, thinking, tools }: Launch): string {
  const text = JSON.stringify([model, effort, thinking, system, tools])
  return new Bun.CryptoHasher('sha256').update(text).digest('base64')
}

/** Whether a process that has been told `applied` can still be told `wanted`: a system prompt cannot be taken back. */
export function canBecome(applied: Launch | undefined, wanted: Launch): boolean {
  return !applied?.system || wanted.system !== ''
}

/** The frames that bring a process from `applied` to `wanted`, with the environment of its turn. */
export function setupFrames(
  applied: Partial<Launch> | undefined,
  wanted: Launch,
  environment: Readonly<Record<string, string>>,
  newId: () => string,
): string {
  const newModel = applied?.model !== wanted.model
  const settings = {
    ...(newModel ? { model: wanted.model } : {}),
    ...((applied?.effort ?? null) === wanted.effort ? {} : { effortLevel: wanted.effort }),
    ...(Object.keys(environment).length === 0 ? {} : { env: environment }),
  }
  let frames = (applied?.tools ?? NO_TOOLS) === wanted.tools ? '' : toolsChangedFrame(newId())
  if (Object.keys(settings).length > 0) frames += settingsFrame(newId(), settings)
  if ((applied?.thinking ?? null) !== wanted.thinking) frames += thinkingFrame(newId(), wanted.thinking)
  if (wanted.system !== '' && (newModel || applied?.system !== wanted.system)) {
    frames += systemPromptFrame(newId(), wanted.model, wanted.system)
  }
  return frames
}

/**
 * The environment of one turn; with `messages`, they replace those of the request body. Nothing to set is an empty object.
 * `betas` are those that the account asks for in every request.
 */
export function turnEnvironment(
  settings: TurnSettings,
  betas: readonly string[],
  messages?: readonly object[],
): Record<string, string> {
  const { maxTokens, metadata } = settings
  const body = { ...settings.body, ...(messages === undefined ? {} : { messages }) }
  return {
    ...(maxTokens === null ? {} : { CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(maxTokens) }),
    ...(Object.keys(metadata).length === 0 ? {} : { CLAUDE_CODE_EXTRA_METADATA: JSON.stringify(metadata) }),
    ...(settings.betas.length === 0 ? {} : { ANTHROPIC_BETAS: [...betas, ...settings.betas].join(',') }),
    ...(Object.keys(body).length === 0 ? {} : { CLAUDE_CODE_EXTRA_BODY: JSON.stringify(body) }),
  }
}
