// The beginning of a session in which Claude Code has told the model already about the machine it runs on: working directory,
// system, shell, date. Otherwise it adds that to each question (2.1.329), and the caller's model would know the owner's
// folders. What it tells here is blank. The format is Claude Code's own, so that only a version that passed the
// self-test with it gets one.

export type SeedFacts = {
  /** The working directory of the process. */
  folder: string
  platform: string
  /** Kind and release: `Linux 6.1.0`. */
  system: string
  now: Date
  newUuid(): string
}

/** The session file for `--resume`: JSON lines. */
export function seedSession({ folder, platform, system, now, newUuid }: SeedFacts): string {
  const common = {
    isSidechain: false,
    timestamp: now.toISOString(),
    userType: 'external',
    entrypoint: 'sdk-cli',
    cwd: folder,
    sessionId: newUuid(),
    version: '2.1.329',
    gitBranch: '',
  }
  const snapshot = {
    workingDirectory: folder,
    isWorktree: false,
    isGitRepo: false,
    additionalWorkingDirectories: [],
    platform,
    shell: 'bash',
    osVersion: system,
  }
  const rows = [
    told({ type: 'environment', snapshot }),
    told({ type: 'session_context', context: {} }),
    told({ type: 'date', date: localDate(now) }),
    END,
  ]
  let parentUuid: string | null = null
  let lines = ''
  for (const row of rows) {
    const uuid = newUuid()
    lines += `${JSON.stringify({ parentUuid, uuid, ...common, ...row })}\n`
    parentUuid = uuid
  }
  return lines
}

/** A single space: anything shorter is rendered anew. */
const told = (attachment: object) => ({
  type: 'attachment',
  attachment,
  rendered: [{ content: ' ' }],
  renderedRole: 'system',
})

/** An answer that failed is left out of requests, and keeps Claude Code from closing what looks like an open question. */
const END = {
  type: 'assistant',
  isApiErrorMessage: true,
  message: {
    id: 'msg_seed',
    type: 'message',
    role: 'assistant',
    model: '<synthetic>',
    content: [{ type: 'text', text: '-' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 },
  },
}

function localDate(date: Date): string {
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  return parts.map((part) => String(part).padStart(2, '0')).join('-')
}
