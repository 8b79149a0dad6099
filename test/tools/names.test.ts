import { describe, expect, test } from 'bun:test'
import { assert, property, string, uniqueArray } from 'fast-check'
import { mapToolNames } from '../../src/tools/names.ts'

const rules = { legal: /[A-Za-z0-9_-]/, maxLength: 12, reserved: (name: string) => /^(?:mcp$|mcp__|shell$)/.test(name) }

describe('names of functions', () => {
  test('legal ones stay as they are, case kept', () => {
    const names = mapToolNames(['getWeather', 'get_weather', 'GET'], rules)
    expect(['getWeather', 'get_weather', 'GET'].map(names.toCli)).toEqual(['getWeather', 'get_weather', 'GET'])
  })

  test('illegal, reserved, long and empty ones are mapped', () => {
    const asked = [
      'my tool',
      'my_tool',
      'my.tool',
      'shell',
      'mcp__x',
      'a_very_long_name',
      'a_very_long_nomen',
      '',
      'größe',
    ]
    const names = mapToolNames(asked, rules)
    expect(asked.map(names.toCli)).toEqual([
      'my_tool_2',
      'my_tool',
      'my_tool_3',
      't_shell',
      't_mcp__x',
      'a_very_long_',
      'a_very_lon_2',
      '_',
      'gr__e',
    ])
    expect(asked.map((name) => names.toCaller(names.toCli(name)))).toEqual(asked)
  })

  test('one that nobody offered has no caller, but a name', () => {
    const names = mapToolNames(['a'], rules)
    expect(names.toCaller('b')).toBeUndefined()
    expect(names.toCli('old name')).toBe('old_name')
  })

  test('any names come back, and what the CLI is told is legal', () => {
    assert(
      property(uniqueArray(string({ maxLength: 30 }), { maxLength: 30 }), (asked) => {
        const names = mapToolNames(asked, rules)
        for (const name of asked) {
          const told = names.toCli(name)
          expect(told).toMatch(/^[A-Za-z0-9_-]{1,12}$/)
          expect(rules.reserved(told)).toBe(false)
          expect(names.toCaller(told)).toBe(name)
        }
      }),
    )
  })
})
