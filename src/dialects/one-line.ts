/** Valid inside a JSON string and inside an SSE line, but line breaks to the readers of some clients. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/
const EVERY_LINE_BREAK = /[\u0085\u2028\u2029]/g

/** JSON on one line, for every reader's idea of a line. Lone surrogates come out escaped: the bytes are valid UTF-8. */
export function oneLine(value: unknown): string {
  const json = JSON.stringify(value)
  if (!LINE_BREAKS.test(json)) return json
  return json.replace(EVERY_LINE_BREAK, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
