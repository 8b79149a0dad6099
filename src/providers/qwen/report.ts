// What Qwen Code (0.24.4) writes down of a request to the service: why it failed, or why the model stopped, and what it called with
// which arguments. It tells none of that over its protocol: failures it tries again in silence for 73 seconds, and after a break in mid-answer it sends the text twice.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { asFields, fieldsAt, listAt, textAt } from '../fields.ts'

export type Report =
  | { failed: true; message: string }
  | { failed: false; finish: string | undefined; input: number; output: number; cached: number }

/** The file ends with fields of a few hundred bytes; the error of a proxy may be longer. */
const TAIL = 16 * 1024

/**
 * Reads the end of the file; undefined while it is not complete. Its lines are those of indented JSON, so that no text of
 * a conversation can be taken for them: a line break in a text is written as two characters.
 */
export function parseReport(tail: string): Report | undefined {
  if (!tail.trimEnd().endsWith('\n}')) return undefined
  const message = /\n {2}"error": \{\n {4}"message": ("(?:[^"\\\n]|\\.)*")/.exec(tail)?.[1]
  if (message !== undefined) return { failed: true, message: textOf(message) }
  if (!/\n {2}"error": null/.test(tail)) return { failed: true, message: '' }
  const number = (name: string) => Number(new RegExp(`\\n {6,8}"${name}": (\\d+)`).exec(tail)?.[1] ?? 0)
  return {
    failed: false,
    finish: /\n {8}"finish_reason": "(\w+)"/.exec(tail)?.[1],
    input: number('prompt_tokens'),
    output: number('completion_tokens'),
    cached: number('cached_tokens'),
  }
}

function textOf(json: string): string {
  try {
    return String(JSON.parse(json))
  } catch {
    return ''
  }
}

/** The report of a request, by its place in the turn from 0; undefined while there is none. Never rejects. */
export async function readReport(folder: string, position = 0): Promise<Report | undefined> {
  try {
    const file = (await readdir(folder)).toSorted()[position]
    return file === undefined ? undefined : parseReport(await readTail(join(folder, file), TAIL))
  } catch {
    return undefined
  }
}

/** A call as the model made it. `arguments` is what Qwen Code made of its JSON. */
export type ReportedCall = { id: string; name: string; arguments: string }

/** What the model called in a request, in order; none where that is not told. Never rejects. */
export async function readCalls(folder: string, position = 0): Promise<ReportedCall[]> {
  try {
    const file = join(folder, (await readdir(folder)).toSorted()[position] ?? '')
    // The answer stands behind the conversation, which may be long.
    const near = parseCalls(await readTail(file, TAIL))
    return near ?? parseCalls(await readTail(file, Infinity)) ?? []
  } catch {
    return []
  }
}

/** The calls in the end of a report; undefined where the whole answer is not in it. */
export function parseCalls(tail: string): ReportedCall[] | undefined {
  const [, json] = /\n {2}"response": (\{\n[^]*\n {2}\}),\n {2}"error": null/.exec(tail) ?? []
  if (json === undefined) return undefined
  const [choice] = listAt(asFields(JSON.parse(json)), 'choices') ?? []
  const calls = listAt(fieldsAt(asFields(choice), 'message'), 'tool_calls') ?? []
  return calls.flatMap((value) => {
    const call = asFields(value)
    const made = fieldsAt(call, 'function')
    const [id, name] = [textAt(call, 'id'), textAt(made, 'name')]
    return id === undefined || name === undefined ? [] : [{ id, name, arguments: textAt(made, 'arguments') ?? '{}' }]
  })
}

async function readTail(file: string, length: number): Promise<string> {
  await using handle = await open(file)
  const { size } = await handle.stat()
  const start = Math.max(0, size - length)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start)
  return buffer.toString('utf8', 0, bytesRead)
}

/** Milliseconds between two looks: well below the second that Qwen Code waits before it asks again. */
const INTERVAL = 50

/** Resolves with the report of the request at `position`; undefined when `signal` aborts. Never rejects. */
export async function awaitReport(
  folder: string,
  signal: AbortSignal,
  { interval = INTERVAL, position = 0 }: { interval?: number; position?: number } = {},
): Promise<Report | undefined> {
  while (!signal.aborted) {
    const report = await readReport(folder, position)
    if (report) return report
    await Bun.sleep(interval)
  }
  return undefined
}

/** The report of a request that is over: it is being written, if it is not there. */
export function lateReport(folder: string, position = 0): Promise<Report | undefined> {
  return awaitReport(folder, AbortSignal.timeout(200), { interval: 5, position })
}

/** How many requests have been reported. Never rejects. */
export async function reportCount(folder: string): Promise<number> {
  return readdir(folder).then(
    (files) => files.length,
    () => 0,
  )
}
