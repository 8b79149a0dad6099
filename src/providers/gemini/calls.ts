// The calls of an answer, out of what the CLI has noted of it (0.61.0): its protocol tells them one after the other, shortened, and
// without their signatures.
import { parseJsonLine } from '../../process/json-lines.ts'
import { asFields, type Fields, fieldsAt, listAt, textAt } from '../fields.ts'

/** A call as the model made it. `id` is undefined where the service gave none. */
export type ModelCall = { id: string | undefined; name: string; args: Fields; signature?: string }

/** An answer as the service gave it. */
export type RecordedAnswer = {
  calls: ModelCall[]
  /** The service's own word: `STOP`, `MAX_TOKENS`, `SAFETY`, … */
  finish: string | undefined
}

/** The last answer in the file of `--record-responses`; undefined where there is none. */
export function recordedAnswer(lines: string): RecordedAnswer | undefined {
  const last = lines.split('\n').findLast((line) => line.startsWith('{"method":"generateContentStream"'))
  const parsed = last === undefined ? undefined : parseJsonLine(last)
  if (!parsed?.ok) return undefined
  const calls: ModelCall[] = []
  let finish: string | undefined
  for (const chunk of listAt(parsed.value, 'response') ?? []) {
    const candidate = asFields(listAt(asFields(chunk), 'candidates')?.[0])
    finish = textAt(candidate, 'finishReason') ?? finish
    for (const part of listAt(fieldsAt(candidate, 'content'), 'parts') ?? []) {
      const call = fieldsAt(asFields(part), 'functionCall')
      if (call) calls.push(toCall(call, textAt(asFields(part), 'thoughtSignature')))
    }
  }
  return { calls, finish }
}

/** The calls in the lines of a session file: those of tools that the CLI knows, whatever became of them, without signatures. */
export function notedCalls(lines: string): ModelCall[] {
  let noted: readonly unknown[] = []
  for (const line of lines.split('\n')) {
    if (!line.includes('"toolCalls"')) continue
    const parsed = parseJsonLine(line)
    // The record of the answer is written anew with each of its calls.
    noted = (parsed.ok ? listAt(parsed.value, 'toolCalls') : undefined) ?? noted
  }
  return noted.flatMap((entry) => {
    const fields = asFields(entry)
    return fields ? [toCall(fields, undefined)] : []
  })
}

function toCall(fields: Fields, signature: string | undefined): ModelCall {
  const name = textAt(fields, 'name') ?? ''
  const id = textAt(fields, 'id')
  return {
    // The CLI puts the name in front, and makes up an id from the time where the service gave none.
    id: id === undefined ? undefined : withoutName(id, name),
    name,
    args: fieldsAt(fields, 'args') ?? {},
    ...(signature === undefined ? {} : { signature }),
  }
}

function withoutName(id: string, name: string): string | undefined {
  const own = id.startsWith(`${name}__`) ? id.slice(name.length + 2) : id
  return own === '' || /^(?:.*_)?\d{13}_\d+$/.test(own) ? undefined : own
}
