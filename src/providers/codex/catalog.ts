// Codex's list of models, which decides how each one is asked. Made from the CLI's own output, so that new versions keep working.
import { GatewayError } from '../../core/error.ts'
import { type CommandResult, runCommand } from '../../process/run-command.ts'
import { asFields, type Fields, listAt, textAt } from '../fields.ts'
import { codexEnvironment, modelsArguments } from './command.ts'
import { createCodexFolder, userHome } from './home.ts'
import type { CodexOptions } from './options.ts'

export type Catalog = {
  /** The entries as Codex has them. */
  models: readonly Fields[]
  /** The whole file for a process that chats. */
  patched: string
}

/**
 * What makes an entry one of a plain chat model. Unpatched (0.169.0), functions are offered as JavaScript inside a tool of
 * Codex's own, long conversations are replaced by a summary behind the caller's back, and results of tools are cut.
 */
const CHAT_MODEL = {
  tool_mode: 'direct',
  apply_patch_tool_type: null,
  experimental_supported_tools: [],
  multi_agent_version: null,
  supports_search_tool: false,
  comp_hash: null,
  context_window: 1_000_000_000,
  max_context_window: 1_000_000_000,
  effective_context_window_percent: 100,
  truncation_policy: { mode: 'tokens', limit: 10_000_000 },
  // The texts are most of the file, and Codex goes through all of it for each thread: 8 ms. None of them is used.
  base_instructions: '',
  model_messages: null,
}

/** @throws GatewayError `provider_error` for what is no catalogue */
export function parseCatalog(text: string): Catalog {
  const catalog = asFields(parse(text))
  const models = listAt(catalog, 'models')
    ?.map(asFields)
    .filter((model) => textAt(model, 'slug') !== undefined)
    .filter((model) => model !== undefined)
  if (!models || models.length === 0) {
    throw new GatewayError('provider_error', 'Codex printed no list of models. Run: cligate doctor')
  }
  const patched = JSON.stringify({ ...catalog, models: models.map((model) => ({ ...model, ...CHAT_MODEL })) })
  return { models, patched }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The entry of a model; undefined for one that the catalogue does not have, which Codex takes as well. */
export function catalogEntry(catalog: Catalog | undefined, model: string): Fields | undefined {
  return catalog?.models.find((entry) => entry['slug'] === model)
}

/**
 * Reads the catalogue: what this version of Codex brings (20 ms, no network), or what the account may use, which is asked of the
 * provider and falls back to the former by itself.
 */
export async function readCatalog(
  options: CodexOptions,
  executable: string,
  source: 'bundled' | 'account',
  signal: AbortSignal,
): Promise<Catalog> {
  const args = modelsArguments(options, source === 'bundled')
  const { output, errors, exit } = await runCodex(options, executable, args, signal)
  if (exit.code === 0) return parseCatalog(output)
  const cause = new Error(`exit ${exit.code ?? exit.signal}: ${errors}`)
  throw new GatewayError('provider_unavailable', 'Codex could not list its models. Run: cligate doctor', { cause })
}

/** Runs a short command of the CLI in a folder of its own, with the user's login. */
export async function runCodex(
  options: CodexOptions,
  executable: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<CommandResult> {
  const { account, environment, sandbox } = options
  const folder = await createCodexFolder(sandbox, userHome(account, environment))
  const env = codexEnvironment(environment, account, folder)
  const launch = { command: executable, args, env, cwd: folder.work, sandbox, folder: folder.sandbox }
  return runCommand(launch, signal).finally(() => folder.sandbox.remove())
}
