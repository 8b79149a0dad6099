// How each CLI logs in and out: always by its own command, in the home of the account.
import type { Config } from '../config/schema.ts'

export type CliLogin = {
  provider: string
  title: string
  /** Names the program where the configuration does not. */
  executable: string
  /** The configured path, and the configured home. */
  settings(config: Config): { path: string | undefined; home: string | undefined }
  /** The variable that moves the CLI's home to another folder. */
  homeVariable: string
  login: readonly string[]
  /** Undefined for a CLI that logs out in its own window only. */
  logout?: readonly string[]
  /** What a person has to do in the window that opens. */
  hint?: string
}

export const CLI_LOGINS: readonly CliLogin[] = [
  {
    provider: 'claude',
    title: 'Claude Code',
    executable: 'claude',
    settings: ({ providers: { claude } }) => ({ path: claude.path, home: claude.config_dir }),
    homeVariable: 'CLAUDE_CONFIG_DIR',
    login: ['auth', 'login'],
    logout: ['auth', 'logout'],
  },
  {
    provider: 'codex',
    title: 'Codex',
    executable: 'codex',
    settings: ({ providers: { codex } }) => ({ path: codex.path, home: codex.home }),
    homeVariable: 'CODEX_HOME',
    login: ['login'],
    logout: ['logout'],
  },
  {
    provider: 'gemini',
    title: 'Gemini CLI',
    executable: 'gemini',
    settings: ({ providers: { gemini } }) => ({ path: gemini.path, home: gemini.home }),
    homeVariable: 'GEMINI_CLI_HOME',
    login: [],
    hint: 'Gemini CLI logs in and out in its own window: choose there, or type /auth; leave it with /quit.',
  },
  {
    provider: 'qwen',
    title: 'Qwen Code',
    executable: 'qwen',
    settings: ({ providers: { qwen } }) => ({ path: qwen.path, home: qwen.home }),
    homeVariable: 'QWEN_HOME',
    login: [],
    hint: 'Qwen Code logs in and out in its own window: choose there, or type /auth; leave it with /quit.',
  },
]
