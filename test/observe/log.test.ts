import { afterAll, describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog, type LogOptions } from '../../src/observe/log.ts'

const folder = mkdtempSync(join(tmpdir(), 'cligate-log-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A log whose lines are kept. */
function recorded(options: Partial<LogOptions> = {}) {
  const lines: string[] = []
  const log = createLog({ level: 'debug', format: 'json', write: (line) => lines.push(line), ...options })
  return { log, lines, last: () => JSON.parse(lines.at(-1)!) }
}

const record = { requestId: 'req_1', method: 'POST', path: '/v1/chat/completions', status: 200, durationMs: 12.34 }

describe('lines', () => {
  test('level, time, fields, message', () => {
    const { log, last } = recorded()
    log.warn({ port: 8001, nested: { a: [1] } }, 'Port 8000 is taken.')
    const { time, ...rest } = last()
    expect(rest).toEqual({ level: 'warn', port: 8001, nested: { a: [1] }, message: 'Port 8000 is taken.' })
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000)
  })

  test('a percent sign in a message is a percent sign', () => {
    const { log, last } = recorded()
    log.info({}, '100 %s of %d %j %%')
    expect(last().message).toBe('100 %s of %d %j %%')
  })

  test('levels below the chosen one are not written', () => {
    for (const [level, expected] of [
      ['debug', 5],
      ['info', 4],
      ['warn', 2],
      ['error', 1],
      ['silent', 0],
    ] as const) {
      const { log, lines } = recorded({ level })
      for (const at of ['debug', 'info', 'warn', 'error'] as const) log[at]({}, 'x')
      log.request(record)
      expect(lines.length).toBe(expected)
    }
  })

  test('the access line', () => {
    const { log, last } = recorded()
    log.request({ ...record, model: 'demo/hello', inputTokens: 3, ignored: ['logit_bias'] })
    expect(last()).toMatchObject({ level: 'info', ...record, model: 'demo/hello', message: 'request' })
    log.request({ ...record, status: 503 })
    expect(last().level).toBe('warn')
  })

  test('pretty', () => {
    const { log, lines } = recorded({ format: 'pretty' })
    log.info({ port: 8000, text: 'two words', none: null }, 'Listening.')
    log.request({ ...record, model: 'm' })
    log.error({ error: new Error('broken\nfor good') }, 'Failed.')
    const [first, second, third] = lines as [string, string, string]
    expect(first).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}Listening\. port=8000 text="two words"\n$/)
    expect(second).toEndWith('INFO  POST /v1/chat/completions 200 12.3 ms requestId=req_1 model=m\n')
    expect(third).toContain('ERROR Failed. error={"type":"Error","message":"broken\\nfor good"}\n    at ')
  })
})

describe('nothing from outside breaks a line or reaches the terminal', () => {
  const hostile = [
    '\n{"level":"error","message":"forged"}',
    '\r\rmoved',
    '\u001B[31mred\u001B[0m\u001B]0;title\u0007',
    '\u009B31mred',
    'line\u2028separator\u2029',
    '\u202Egnp.exe',
    'lone \uD800 surrogate',
    '\u0000\u0008\u007F',
  ]
  // oxlint-disable-next-line no-control-regex -- these are the characters in question
  const unsafe = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/

  test.each(['json', 'pretty'] as const)('%s', (format) => {
    const { log, lines } = recorded({ format })
    for (const text of hostile) {
      log.info({ text, [text]: text, deep: [{ text }] }, text)
      log.request({ ...record, path: text, model: text, ignored: [text] })
      log.error({ error: new Error(text, { cause: new Error(text) }) }, text)
    }
    for (const line of lines) {
      expect(line).not.toMatch(unsafe)
      expect(line).toEndWith('\n')
      if (format === 'json') expect(line.slice(0, -1)).not.toContain('\n')
    }
    expect(lines.length).toBe(hostile.length * 3)
  })

  test('any text comes back from a JSON line as it was, but for secrets', () => {
    const { log, last } = recorded()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        log.info({ nested: { text } }, 'x')
        return last().nested.text === text
      }),
    )
  })
})

test('seeded secrets appear nowhere, whatever carries them', () => {
  const secrets = ['sk-ant-api03-SEEDED0123456789', 'AIzaSEEDED0123456789abcdefghijklmnop', 'configured-SEEDED key']
  for (const format of ['json', 'pretty'] as const) {
    const { log, lines } = recorded({ format, secrets: [secrets[2]!] })
    for (const secret of secrets) {
      log.info({ secret, token: secret, headers: { 'x-api-key': secret, accept: secret } }, `got ${secret}.`)
      log.error({ error: new Error(`401 for ${secret}`, { cause: { body: `{"key":"${secret}"}` } }) }, 'failed')
      log.request({ ...record, path: `/v1/models?key=${secret}`, model: secret, ignored: [secret] })
    }
    expect(lines.join('')).not.toContain('SEEDED')
    expect(lines.join('')).toContain('[redacted]')
  }
})

test('an access line costs little', () => {
  const { log } = recorded({ write: () => {} })
  const write = (count: number) => {
    const started = performance.now()
    for (let index = 0; index < count; index += 1)
      log.request({ ...record, requestId: `req_${index}`, model: 'demo/a' })
    return ((performance.now() - started) / count) * 1000
  }
  write(5000)
  // 3 microseconds on an idle machine; the best of several runs, since others may share the processor.
  expect(Math.min(...Array.from({ length: 5 }, () => write(4000)))).toBeLessThan(15)
})

describe('a real process', () => {
  const run = async (how: string, file?: string) => {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, 'log-program/main.ts'), how, ...(file ? [file] : [])],
      {
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      },
    )
    const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    return { out, error, code }
  }

  test.each(['return', 'exit'])('the last lines survive: %s', async (how) => {
    const { error, out, code } = await run(how)
    expect({ code, out }).toEqual({ code: 0, out: '' })
    // Not a terminal: JSON, on standard error.
    expect(JSON.parse(error)).toMatchObject({ message: 'first', api_key: '[redacted]' })
  })

  test('close writes all that came before it, in order', async () => {
    const { error } = await run('close')
    const indexes = error
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).index)
    expect(indexes).toEqual([undefined, ...Array.from({ length: 20_000 }, (_, index) => index)])
  })

  test('a file is made for its owner alone and appended to', async () => {
    const file = join(folder, 'made', 'cligate.log')
    await run('exit', file)
    const { error } = await run('exit', file)
    expect(error).toBe('')
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBe(2)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('a reader who never reads costs a bounded buffer and a bounded end', async () => {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, 'log-program/main.ts'), 'flood'], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      // Without it, Bun drains a pipe that nobody reads.
      lazy: true,
    })
    const rss = Number(await child.stdout.text())
    expect(await child.exited).toBe(0)
    expect(rss).toBeLessThan(400e6)
    const error = await child.stderr.text()
    expect(error.length).toBeLessThan(8e6)
  }, 20_000)

  test('a reader who leaves ends the log, not the process', async () => {
    const program = join(import.meta.dir, 'log-program/main.ts')
    const child = Bun.spawn(
      ['sh', '-c', `"$0" "$1" close 2>&1 >/dev/null | head -c 100 >/dev/null; echo done`, process.execPath, program],
      {
        stdout: 'pipe',
      },
    )
    expect(await child.stdout.text()).toBe('done\n')
  })
})
