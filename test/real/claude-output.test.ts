// Answers of a given form through the real Claude Code: what the service is told to keep to.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Output } from '../../src/core/request.ts'
import { answerTo, request, textOf, tool } from '../providers/claude/requests.ts'
import { claudeWorld, SUBSCRIPTION } from '../providers/claude/world.ts'
import { text } from '../upstream/replies/text.ts'

setDefaultTimeout(60_000)

const SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } },
  required: ['name'],
}
const OUTPUT: Output = { type: 'json-schema', name: 'person', schema: SCHEMA, strict: true }

describe.each([
  ['exact', {}],
  ['replayed', SUBSCRIPTION],
])('%s', (_, environment) => {
  test('the schema is in the request beside the effort, and the answer is its JSON', async () => {
    await using world = await claudeWorld({
      environment,
      account: { env: { ANTHROPIC_BETAS: 'own-beta-2026-01-01' } },
    })
    world.upstream.next(text(['{"name":', '"Ann"}']))
    const asked = request('Who?', {
      model: 'claude-opus-5-5',
      output: OUTPUT,
      reasoning: { effort: 'low' },
      tools: [tool('look')],
    })
    expect(textOf(await answerTo(world.driver, asked))).toBe('{"name":"Ann"}')
    expect(world.upstream.turns).toHaveLength(1)
    const [turn] = world.upstream.turns
    expect(turn?.json).toMatchObject({
      output_config: {
        effort: 'low',
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            properties: { name: { type: 'string' }, age: { type: 'integer', description: '{minimum: 0}' } },
            required: ['name'],
            additionalProperties: false,
          },
        },
      },
      tools: [{ name: 'look' }],
    })
    const betas = turn?.headers['anthropic-beta']?.split(',') ?? []
    expect(betas).toContain('structured-outputs-2025-12-15')
    expect(betas).toContain('own-beta-2026-01-01')
    // Those of Claude Code itself are still there.
    expect(betas).toContain('claude-code-20250219')
  })

  test('text is asked for without a word of it', async () => {
    await using world = await claudeWorld({ environment })
    await answerTo(world.driver, request('Who?', { model: 'claude-opus-5-5' }))
    const [turn] = world.upstream.turns
    expect(turn?.body).not.toContain('json_schema')
    expect(turn?.headers['anthropic-beta']).not.toContain('structured-outputs')
  })
})
