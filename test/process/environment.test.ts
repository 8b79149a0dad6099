import { expect, test } from 'bun:test'
import { childEnvironment } from '../../src/process/environment.ts'
import { firstLine, startFake, end } from './fake.ts'

const BASICS = {
  PATH: '/bin',
  HOME: '/home/x',
  USER: 'x',
  LOGNAME: 'x',
  LANG: 'de_CH.UTF-8',
  LC_ALL: 'C',
  LC_CTYPE: 'C',
  TZ: 'Europe/Zurich',
  HTTPS_PROXY: 'http://p:1',
  HTTP_PROXY: 'http://p:2',
  NO_PROXY: 'localhost',
  https_proxy: 'http://p:3',
  http_proxy: 'http://p:4',
  no_proxy: '',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  SSL_CERT_FILE: '/cert.pem',
  SSL_CERT_DIR: '/certs',
}

const STRANGERS = {
  ANTHROPIC_API_KEY: 'sk-secret',
  CLAUDE_CONFIG_DIR: '/c',
  CLAUDECODE: '1',
  AWS_SECRET_ACCESS_KEY: 'secret',
  SHELL: '/bin/zsh',
  TERM: 'xterm',
  TMPDIR: '/t',
  XDG_RUNTIME_DIR: '/run',
  NODE_OPTIONS: '--inspect',
  BUN_OPTIONS: '--inspect',
  LD_PRELOAD: '/evil.so',
  PATHOLOGY: 'x',
}

test('passes on the basics and nothing else', () => {
  expect(childEnvironment({ ...BASICS, ...STRANGERS }, [])).toEqual(BASICS)
})

test('adds what is allowed by its exact name, and extra, which wins', () => {
  const environment = childEnvironment({ ...BASICS, ...STRANGERS }, ['ANTHROPIC_API_KEY', 'NOT_SET'], {
    HOME: '/other',
    NEW: '1',
  })
  expect(environment).toEqual({ ...BASICS, ANTHROPIC_API_KEY: 'sk-secret', HOME: '/other', NEW: '1' })
})

test('what is not set stays unset, also where every object has such a key', () => {
  expect(childEnvironment({ PATH: undefined }, ['toString', 'constructor', '__proto__'])).toEqual({})
})

test('does not change its source', () => {
  const source = { PATH: '/bin' }
  childEnvironment(source, [], { PATH: '/other' })
  expect(source).toEqual({ PATH: '/bin' })
})

test('a real child sees exactly that', async () => {
  process.env['CLIGATE_TEST_SECRET'] = 'seen'
  try {
    const environment = childEnvironment({ ...process.env, HTTP_PROXY: undefined }, [], { GREETING: 'grüezi 👋' })
    const child = startFake(['environment'], { env: environment })
    const seen = JSON.parse(await firstLine(child)) as { environment: Record<string, string> }
    await end(child)
    // Bun itself sets none; a shell would add PWD and SHLVL.
    expect(seen.environment).toEqual(environment)
  } finally {
    delete process.env['CLIGATE_TEST_SECRET']
  }
})
