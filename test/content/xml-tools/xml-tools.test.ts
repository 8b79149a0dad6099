import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { detectXmlTools } from '../../../src/content/xml-tools.ts'
import { reinforceXmlTools, XML_TOOLS_REMINDER } from '../../../src/content/xml-tools-reinforce.ts'
import type { ChatRequest } from '../../../src/core/request.ts'
import { assistant, heldOut, type Sample, sample, user } from './corpus.ts'
import { NEGATIVES } from './negatives.ts'
import { call, CLINE, HOUSE, prompt, RENDER, USE } from './parts.ts'
import { POSITIVES } from './positives.ts'

const THRESHOLD = 5
const detect = ({ request }: Sample, threshold = THRESHOLD) => detectXmlTools(request, { threshold })
const missed = (samples: readonly Sample[]) => samples.filter((one) => !detect(one).detected)
const taken = (samples: readonly Sample[]) => samples.filter((one) => detect(one).detected)

describe('the corpus', () => {
  test('is large enough, and its samples are told apart by name', () => {
    expect(POSITIVES.length).toBeGreaterThanOrEqual(60)
    expect(NEGATIVES.length).toBeGreaterThanOrEqual(2 * 60)
    expect(NEGATIVES.length / POSITIVES.length).toBeGreaterThan(1.5)
    const names = [...POSITIVES, ...NEGATIVES].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test.each([
    ['all of it', POSITIVES, NEGATIVES],
    ['the third that is judged apart', heldOut(POSITIVES), heldOut(NEGATIVES)],
  ])('precision and recall are 0.98 or more: %s', (_, positives, negatives) => {
    const lost = missed(positives).map(({ name }) => name)
    const wrong = taken(negatives).map(({ name }) => name)
    const found = positives.length - lost.length
    expect(found / positives.length, `missed: ${lost.join(', ')}`).toBeGreaterThanOrEqual(0.98)
    expect(found / (found + wrong.length), `wrong: ${wrong.join(', ')}`).toBeGreaterThanOrEqual(0.98)
  })

  test('clients of long prompts are told from others by a distance', () => {
    const scores = POSITIVES.map((one) => detect(one).score)
    expect(Math.min(...scores) - 4.5).toBeGreaterThanOrEqual(0.5)
  })
})

describe('the score', () => {
  const tools = `# Tools\n\n${CLINE.slice(0, 3).map(RENDER.classic).join('\n\n')}`
  const score = (system: string, more: Partial<Parameters<typeof sample>[1]> = {}) =>
    detect(sample('', { system, ...more })).score

  test('needs both: tools that are defined, and words that demand the form', () => {
    expect(score(tools)).toBeLessThan(THRESHOLD)
    expect(score(USE.cline.replace(/For example[\s\S]*/, ''))).toBeLessThan(THRESHOLD)
    expect(score(`${USE.cline}\n\n${tools}`)).toBeGreaterThan(THRESHOLD)
  })

  test('does not count what stands in a code fence, in a quote or in an example', () => {
    const whole = `${USE.cline}\n\n${tools}`
    for (const shown of [`\`\`\`\n${whole}\n\`\`\``, whole.replace(/^/gm, '> '), `<example>\n${whole}\n</example>`]) {
      expect(score(`Look:\n\n${shown}`)).toBeLessThan(1)
    }
  })

  test('counts what stands behind a fence that is never closed', () => {
    expect(score(`\`\`\`\n${USE.cline}\n\n${tools}`)).toBe(score(`${USE.cline}\n\n${tools}`))
  })

  test('does not ask where the tools are defined: string or parts, system or the first message', () => {
    const expected = score(prompt())
    expect(detect(sample('', { system: [prompt(), 'More.'] })).score).toBe(expected)
    expect(detect(sample('', { messages: [prompt()] })).score).toBe(expected)
    expect(detect(sample('', { messages: [user(prompt(), 'My task')] })).score).toBe(expected)
  })

  test('grows with calls that were made already', () => {
    const short = prompt({ use: 'compact', style: 'dense', rest: [], tools: CLINE.slice(1, 3) })
    const messages = ['go', assistant(`I read it.\n\n${call(CLINE[1]!)}`), "[read_file for 'a'] Result:\n\nx"]
    expect(score(short, { messages })).toBeCloseTo(score(short) + 0.75)
  })

  test('is low for a request with functions', () => {
    const function_ = { name: 'f', description: '', parameters: { type: 'object' }, strict: false }
    expect(score(prompt(), { tools: [function_] })).toBeLessThan(THRESHOLD)
  })

  test('names the tools that are defined', () => {
    expect(detect(sample('', { system: prompt({ tools: HOUSE }) })).tools).toEqual(
      expect.arrayContaining(HOUSE.map(({ name }) => name)),
    )
  })

  test('is higher where the names are known, from the configuration too', () => {
    const { request } = sample('', { system: `${USE.plain}\n\n${HOUSE.slice(0, 2).map(RENDER.headed).join('\n\n')}` })
    const plain = detectXmlTools(request, { threshold: THRESHOLD })
    const told = detectXmlTools(request, { threshold: THRESHOLD, knownTools: HOUSE.map(({ name }) => name) })
    expect(told.score).toBeGreaterThan(plain.score)
  })

  test('is judged by the threshold', () => {
    const one = sample('', { system: prompt() })
    expect(detect(one, detect(one).score).detected).toBe(true)
    expect(detect(one, detect(one).score + 0.01).detected).toBe(false)
  })
})

describe('whatever comes', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '<read_file>',
      '</read_file>',
      '<path>',
      '</path>',
      '```',
      '~~~\n',
      '\n## read_file\n',
      '**a_b** - x',
      'Parameters:\n',
      '<tool_name>',
      'use the tool by XML tags. ',
      '<document>',
      '</document>',
      '<',
      '>',
      '</',
      '\n',
      '> ',
      '# Tools',
      'You are Cline',
      '\uD800',
    ),
  )
  const anyText = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))

  test('it never throws, and the score is a number of the range', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (system, first, answer) => {
        const { score } = detect(sample('', { system, messages: [first, assistant(answer), first] }))
        return score >= 0 && score < 13
      }),
      { numRuns: 500 },
    )
  })

  test('words of a user behind the prompt take nothing away that the prompt has said', () => {
    const { score } = detect(sample('', { system: prompt() }))
    fc.assert(
      fc.property(anyText, (text) => detect(sample('', { system: prompt(), messages: [text] })).score >= score),
      { numRuns: 200 },
    )
  })

  const megabyte = (text: string) => text.repeat(Math.ceil(2 ** 20 / text.length))
  test.each([
    ['a long prompt', megabyte(`${prompt()}\n`)],
    ['many <', megabyte('<')],
    ['many open tags', megabyte('<a>')],
    ['tags in tags', megabyte('<a><b>')],
    ['known tags in tags', megabyte('<read_file><path>')],
    ['known elements', megabyte('<read_file><path>a</path></read_file>')],
    ['many headings', megabyte('## read_file\n')],
    [
      'many definitions',
      Array.from({ length: 20_000 }, (_, index) => `## t_${index}\nParams: x\n<t_${index}><x>1</x></t_${index}>`).join(
        '\n',
      ),
    ],
    ['many fences', megabyte('```\n')],
    ['many documents', megabyte('<document>')],
    ['many demands', megabyte('use tools by XML tags. ')],
    ['one line of demands', megabyte('use tools by XML tags ')],
    ['half sentences', megabyte('parameter within you have wait for cline ')],
    ['white space', megabyte(' \t')],
    ['stars', megabyte('*')],
    ['lines of stars', megabyte('**a\n')],
  ])('a megabyte of %s takes no time to speak of', (_, text) => {
    const requests = [
      sample('', { system: text }),
      sample('', { messages: [text] }),
      sample('', { system: prompt(), messages: ['go', assistant(text)] }),
    ]
    // The time of the processor, which others on this machine do not lengthen much: 30 ms each, and quadratic would be minutes.
    const before = process.cpuUsage()
    for (const one of requests) detect(one)
    const { user: spent } = process.cpuUsage(before)
    expect(spent / 1000).toBeLessThan(3000)
  })
})

describe('the reminder', () => {
  const base: ChatRequest = {
    model: 'demo/chat',
    ...sample('', { system: prompt() }).request,
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: { type: 'text' },
    sampling: { stop: [] },
    reasoning: {},
    stream: false,
    count: 1,
    metadata: {},
    given: {},
    unsupported: [],
  }

  test('stands behind the system prompt, and nothing else changes', () => {
    const { system, ...rest } = reinforceXmlTools(base, { threshold: THRESHOLD })
    const { system: before, ...others } = base
    expect(system).toEqual([...before, { type: 'text', text: XML_TOOLS_REMINDER }])
    expect(rest).toEqual(others)
  })

  test('is the same from turn to turn', () => {
    const next = { ...base, messages: [...base.messages, assistant(call(CLINE[1]!)), user('[read_file] Result: x')] }
    expect(reinforceXmlTools(next, { threshold: THRESHOLD }).system).toEqual(
      reinforceXmlTools(base, { threshold: THRESHOLD }).system,
    )
  })

  test('is left out where nothing was detected: the request is the very same', () => {
    const other = { ...base, system: [] }
    expect(reinforceXmlTools(other, { threshold: THRESHOLD })).toBe(other)
    expect(reinforceXmlTools(base, { threshold: 100 })).toBe(base)
  })
})
