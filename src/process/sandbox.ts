// Folders that children work in, and the notes by which a later start finds what a gateway that was killed left behind.
import { mkdirSync, mkdtempSync, realpathSync, utimes } from 'node:fs'
import { join } from 'node:path'
import { removeTree } from './remove-tree.ts'
import { forgetChild, ownerFile, writeChild, writeOwner } from './sandbox-record.ts'
import { HEARTBEAT, INSTANCE_PREFIX, sweepSandboxes } from './sandbox-sweep.ts'
import type { Child } from './spawn.ts'

export { sweepSandboxes } from './sandbox-sweep.ts'

export interface SandboxFolder {
  /** 0700 and empty. A CLI may tell it to the model, so that its name says nothing. */
  readonly path: string
  /** Idempotent. */
  remove(): Promise<void>
}

export interface Sandbox {
  /** The folder of this gateway, 0700. */
  readonly path: string
  /** A fresh folder; `name` (letters, digits, `-`) begins its name: `chat` by default. */
  createFolder(name?: string): Promise<SandboxFolder>
  /** Notes the child, before anything is awaited, so that a later sweep can find it. Call it right after the spawn. */
  adopt(child: Child, folder: SandboxFolder): Promise<void>
  /** Kills adopted children that still run, and removes everything. Idempotent. */
  close(): Promise<void>
}

/** Makes the folder of this gateway below `root`, after a sweep of what dead ones left there. */
export async function openSandbox(options: { root: string }): Promise<Sandbox> {
  mkdirSync(options.root, { recursive: true, mode: 0o700 })
  // Resolved once: children report their folder as the system sees it.
  const root = realpathSync(options.root)
  await sweepSandboxes(root)
  const path = mkdtempSync(join(root, INSTANCE_PREFIX))
  writeOwner(path)
  return manage(root, path)
}

function manage(root: string, path: string): Sandbox {
  const adopted = new Set<Child>()
  // Gateways in other containers cannot see this process: to them, a fresh note is the sign of life.
  const heartbeat = setInterval(() => {
    const now = new Date()
    utimes(ownerFile(path), now, now, () => {})
    void sweepSandboxes(root)
  }, HEARTBEAT)
  heartbeat.unref()
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    clearInterval(heartbeat)
    await Promise.all([...adopted].map((child) => child.stop({ endInputMs: 0, termMs: 0 })))
    await removeTree(path)
  }

  return {
    path,
    async createFolder(name = 'chat') {
      if (!/^[A-Za-z0-9-]{1,32}$/.test(name)) throw new Error(`"${name}" is no name for a sandbox folder.`)
      const folder = mkdtempSync(join(path, `${name}-`))
      return { path: folder, remove: async () => void (await removeTree(folder)) }
    },
    async adopt(child) {
      if (!writeChild(path, child.pid)) return
      adopted.add(child)
      void child.exited.then(() => {
        adopted.delete(child)
        forgetChild(path, child.pid)
      })
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}
