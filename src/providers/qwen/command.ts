// How Qwen Code is started (0.24.4).
import { join } from 'node:path'
import { childEnvironment } from '../../process/environment.ts'
import { textAt } from '../fields.ts'
import type { Account } from './options.ts'
import type { UserSettings } from './user-settings.ts'

/** The variable with the key for the self-test's own service. */
export const SELF_TEST_KEY = 'CLIGATE_SELF_TEST_KEY'

export const ACP_ARGUMENTS = ['--acp']
/** A process that runs one prompt, and whose own lines a caller reads. */
export const RAW_ARGUMENTS = ['--output-format', 'stream-json', '--include-partial-messages']

/** What a host's login consists of, where it is in the environment. */
const CREDENTIALS = ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OPENAI_MODEL', 'DASHSCOPE_API_KEY']

/** The files and folders of one process, below its sandbox folder. */
export type WorkerFolder = {
  path: string
  /** Read anew whenever a session opens. */
  settings: string
  system: string
  temporary: string
  work: string
  /** Stays empty. */
  programs: string
}

export function workerFolder(path: string): WorkerFolder {
  return {
    path,
    settings: join(path, 'system.json'),
    system: join(path, 'system.md'),
    temporary: join(path, 'scratch'),
    work: join(path, 'work'),
    programs: join(path, 'bin'),
  }
}

/**
 * The whole environment of a process. Without `programs` it finds no other program: it needs none, and waits for git each time a
 * session opens, with all its other sessions.
 */
export function qwenEnvironment(
  source: Readonly<Record<string, string | undefined>>,
  account: Account,
  user: UserSettings,
  folder: WorkerFolder,
  programs: boolean,
): Record<string, string> {
  const own = account.env ?? {}
  // One login at a time: the account's key must not go to the host's URL, nor the host's key pay for the account.
  const isComplete = own['OPENAI_API_KEY'] !== undefined || own['DASHSCOPE_API_KEY'] !== undefined
  const inherited = isComplete ? [] : CREDENTIALS
  return childEnvironment(source, ['QWEN_HOME', ...inherited, ...keyNames(user)], {
    ...own,
    ...(account.home === undefined ? {} : { QWEN_HOME: account.home }),
    // The self-test talks to this machine.
    NO_PROXY: [source['NO_PROXY'] ?? source['no_proxy'], '127.0.0.1'].filter(Boolean).join(','),
    no_proxy: [source['no_proxy'] ?? source['NO_PROXY'], '127.0.0.1'].filter(Boolean).join(','),
    [SELF_TEST_KEY]: 'self-test',
    TMPDIR: folder.temporary,
    QWEN_CODE_SYSTEM_SETTINGS_PATH: folder.settings,
    QWEN_SYSTEM_MD: folder.system,
    QWEN_RUNTIME_DIR: folder.path,
    // The parent would neither pass signals on nor end with its child.
    QWEN_CODE_NO_RELAUNCH: '1',
    QWEN_DISABLE_AUTO_TITLE: '1',
    QWEN_CODE_DISABLE_CRON: '1',
    QWEN_CODE_DISABLE_WORKFLOWS: '1',
    QWEN_CODE_DISABLE_ARTIFACT: '1',
    QWEN_CODE_DISABLE_PRECONNECT: '1',
    ...(programs ? {} : { PATH: folder.programs }),
  })
}

/** Variables that the user's own settings name as the place of a key. */
function keyNames(user: UserSettings): string[] {
  return user.models
    .map(({ entry }) => textAt(entry, 'envKey'))
    .filter((name) => name !== undefined && isKeyName(name)) as string[]
}

/** Settings may name anything; what is no variable for a key stays here. */
function isKeyName(name: string): boolean {
  return /^[A-Z][A-Z0-9_]*(?:KEY|TOKEN)$/.test(name)
}
