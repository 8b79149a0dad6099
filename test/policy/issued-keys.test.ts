import { describe, expect, test } from 'bun:test'
import { type Caller, mayDo, scopesFor } from '../../src/policy/caller.ts'
import { findKey, hashKey, issueKey } from '../../src/policy/issued-keys.ts'

describe('keys that are given out', () => {
  test('the key itself is nowhere in what is kept', () => {
    const { secret, record } = issueKey('laptop', ['infer'], 17)
    expect(secret).toMatch(/^cligate_[A-Za-z0-9]{40}$/)
    expect(JSON.stringify(record)).not.toContain(secret.slice(12))
    expect(record).toMatchObject({ name: 'laptop', scopes: ['infer'], createdAt: 17, prefix: secret.slice(0, 12) })
    expect(hashKey(secret).toString('hex')).toBe(record.hash)
  })

  test('one is found among many, by its hash alone', () => {
    const keys = ['a', 'b', 'c'].map((name) => ({ name, hash: hashKey(name) }))
    expect(findKey(keys, [hashKey('x'), hashKey('b')])?.name).toBe('b')
    expect(findKey(keys, [hashKey('B')])).toBeUndefined()
    expect(findKey(keys, [])).toBeUndefined()
  })
})

describe('scopes', () => {
  const caller = (...scopes: Caller['scopes'][number][]): Caller => ({ id: 'key_1', name: 'x', scopes })

  test('admin may everything, the others what they say', () => {
    expect(mayDo(caller('admin'), 'infer')).toBe(true)
    expect(mayDo(caller('infer'), 'read')).toBe(false)
    expect(mayDo(caller('infer', 'read'), 'read')).toBe(true)
    expect(mayDo(caller(), 'infer')).toBe(false)
  })

  test.each([
    ['POST', '/v1/chat/completions', ['infer']],
    ['POST', '/v1/messages', ['infer']],
    ['GET', '/v1/models', ['infer', 'read']],
    ['GET', '/processes', ['read']],
    ['GET', '/v1/auth/status', ['read']],
    ['GET', '/docs/json', ['read']],
    ['GET', '/docsish', ['infer', 'read']],
    ['POST', '/permissions/x/respond', ['admin']],
  ] as const)('%s %s', (method, path, scopes) => {
    expect(scopesFor(method, path)).toEqual([...scopes])
  })
})
