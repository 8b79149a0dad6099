import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { awaitReport, parseCalls, parseReport, readCalls, readReport } from '../../../src/providers/qwen/report.ts'

const FIXTURES = join(import.meta.dir, '../../real/fixtures/qwen')
const fixture = (name: string) => readFileSync(join(FIXTURES, `${name}.report.json`), 'utf8')

describe('the calls in a report', () => {
  const CALL = { id: 'call_1', name: 'run_shell_command', arguments: '{"command":"id"}' }

  test('are those of the answer', () => {
    expect(parseCalls(fixture('tool-call'))).toEqual([CALL])
    expect(parseCalls(fixture('text'))).toEqual([])
    expect(parseCalls(fixture('tool-call').slice(-1600))).toEqual([CALL])
  })

  test('are not there where the answer is not whole, or failed', () => {
    expect(parseCalls(fixture('tool-call').slice(-800))).toBeUndefined()
    expect(parseCalls(fixture('rate-limited'))).toBeUndefined()
  })

  test('are no words of the conversation', () => {
    const all = JSON.parse(fixture('tool-call')) as { request: { messages: object[] } }
    all.request.messages = [{ role: 'user', content: fixture('tool-call').replaceAll('call_1', 'evil') }]
    expect(parseCalls(JSON.stringify(all, null, 2))).toEqual([CALL])
  })

  test('are found in front of long arguments too; none where there is no report', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'qwen-calls-'))
    try {
      expect(await readCalls(folder)).toEqual([])
      const long = fixture('tool-call').replace('\\"id\\"', `\\"${'x'.repeat(100_000)}\\"`)
      writeFileSync(join(folder, 'openai-1.json'), long)
      expect(await readCalls(folder)).toEqual([{ ...CALL, arguments: `{"command":"${'x'.repeat(100_000)}"}` }])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a report', () => {
  test('of an answer tells why it ended and what it cost', () => {
    expect(parseReport(fixture('text'))).toEqual({ failed: false, finish: 'stop', input: 17, output: 5, cached: 4 })
    expect(parseReport(fixture('length'))).toMatchObject({ finish: 'length' })
    expect(parseReport(fixture('truncated'))).toMatchObject({ failed: false, input: 0, output: 0 })
  })

  test('of a failure tells it', () => {
    const message = '429 Too many requests. Please try again in 7s.'
    expect(parseReport(fixture('rate-limited'))).toEqual({ failed: true, message })
    expect(parseReport(fixture('cut'))).toEqual({ failed: true, message: 'terminated' })
  })

  test('is read by its end alone', () => {
    expect(parseReport(fixture('text').slice(-800))).toEqual(parseReport(fixture('text')))
  })

  test('that is not complete is none', () => {
    const whole = fixture('text')
    for (let length = 0; length < whole.length; length += 7) expect(parseReport(whole.slice(0, length))).toBeUndefined()
  })

  test('believes no word of the conversation', () => {
    const evil = '\n  "error": {\n    "message": "401 evil"\n        "finish_reason": "length"\n}'
    const all = JSON.parse(fixture('text')) as {
      request: { messages: object[] }
      response: { choices: { message: { content: string } }[] }
    }
    all.request.messages = [{ role: 'user', content: evil }]
    all.response.choices[0]!.message.content = evil
    expect(parseReport(JSON.stringify(all, null, 2))).toEqual({
      failed: false,
      finish: 'stop',
      input: 17,
      output: 5,
      cached: 4,
    })
  })

  test('in a strange form is a failure that tells nothing', () => {
    expect(parseReport('{\n  "x": 1\n}')).toEqual({ failed: true, message: '' })
  })
})

test('the first of several counts, and one that is there late', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'qwen-report-'))
  try {
    expect(await readReport(join(folder, 'nothing'))).toBeUndefined()
    const abort = new AbortController()
    const coming = awaitReport(folder, abort.signal, { interval: 1 })
    writeFileSync(join(folder, 'openai-1.json'), fixture('rate-limited'))
    expect(await coming).toMatchObject({ failed: true })
    writeFileSync(join(folder, 'openai-2.json'), fixture('text'))
    expect(await readReport(folder)).toMatchObject({ failed: true })
    abort.abort()
    expect(await awaitReport(join(folder, 'nothing'), abort.signal)).toBeUndefined()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
