import { describe, expect, test } from 'bun:test'
import { toJsonSchema } from '../../../src/dialects/gemini/json-schema.ts'
import { decodeCount } from '../../../src/dialects/gemini/decode.ts'
import { HELLO, config, read } from './support.ts'

const refusal = (work: () => unknown): object => {
  try {
    work()
  } catch (thrown) {
    return thrown as object
  }
  throw new Error('was not refused')
}

describe('generationConfig', () => {
  test('sampling', () => {
    const { sampling, given, count, unsupported } = config({
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      maxOutputTokens: 100,
      stopSequences: ['a', 'b', 'a'],
      seed: 7,
      presencePenalty: 1,
      frequencyPenalty: -1,
      candidateCount: 2,
    })
    expect(sampling).toEqual({
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      maxTokens: 100,
      stop: ['a', 'b'],
      seed: 7,
      presencePenalty: 1,
      frequencyPenalty: -1,
    })
    expect(count).toBe(2)
    expect(given.maxTokens).toBe('generationConfig.maxOutputTokens')
    expect(given.count).toBe('generationConfig.candidateCount')
    expect(Object.keys(given)).toHaveLength(9)
    expect(unsupported).toEqual([])
  })

  test('what asks for nothing is not given', () => {
    const { given, unsupported } = config({
      topP: 1,
      candidateCount: 1,
      presencePenalty: 0,
      frequencyPenalty: 0,
      temperature: null,
      responseMimeType: 'text/plain',
      responseModalities: ['TEXT'],
      responseLogprobs: false,
      thinkingConfig: { includeThoughts: true, thinkingBudget: -1 },
    })
    expect([given, unsupported]).toEqual([{}, []])
  })

  test.each([
    [{ thinkingBudget: 0 }, { effort: 'none' }],
    [{ thinkingBudget: 2000 }, { budgetTokens: 2000 }],
    [{ thinkingBudget: -1 }, {}],
    [{ thinkingLevel: 'LOW' }, { effort: 'low' }],
    [{ thinkingLevel: 'THINKING_LEVEL_UNSPECIFIED' }, {}],
  ])('thinking %j', (thinkingConfig, reasoning) => {
    expect(config({ thinkingConfig }).reasoning as object).toEqual(reasoning)
  })

  test('an answer as JSON', () => {
    expect(config({ responseMimeType: 'application/json' }).output).toEqual({ type: 'json' })
    const responseSchema = { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } }
    expect(config({ responseMimeType: 'application/json', responseSchema }).output).toEqual({
      type: 'json-schema',
      name: 'answer',
      strict: true,
      schema: { type: 'object', properties: { a: { type: ['string', 'null'] } } },
    })
    const responseJsonSchema = { type: 'array', items: { type: 'string' } }
    const request = config({ responseJsonSchema })
    expect(request.output).toMatchObject({ schema: responseJsonSchema })
    expect(request.given.output).toBe('generationConfig.responseJsonSchema')
  })

  test.each([
    [{ responseMimeType: 'text/x.enum' }, 'responseMimeType'],
    [{ responseMimeType: 'text/plain', responseSchema: { type: 'STRING' } }, 'responseMimeType'],
    [{ responseSchema: {}, responseJsonSchema: {} }, 'responseJsonSchema'],
    [{ responseModalities: ['TEXT', 'IMAGE'] }, 'responseModalities'],
    [{ candidateCount: 9 }, 'candidateCount'],
    [{ temperature: 3 }, 'temperature'],
    [{ maxOutputTokens: 0 }, 'maxOutputTokens'],
    [{ thinkingConfig: { thinkingBudget: -2 } }, 'thinkingConfig.thinkingBudget'],
    [{ thinkingConfig: { thinkingBudget: 5, thinkingLevel: 'LOW' } }, 'thinkingConfig.thinkingBudget'],
  ])('%j is refused', (given, field) => {
    expect(refusal(() => config(given))).toMatchObject({ status: 400, param: `generationConfig.${field}` })
  })

  test('what nobody can honour is reported', () => {
    const { unsupported } = read({
      generationConfig: { responseLogprobs: true, logprobs: 3, mediaResolution: 'HIGH', foo: 1 },
      safetySettings: [{ category: 'X', threshold: 'BLOCK_LOW_AND_ABOVE' }],
      store: true,
      other: { a: 1 },
    })
    expect(unsupported.toSorted()).toEqual([
      'generationConfig.foo',
      'generationConfig.logprobs',
      'generationConfig.mediaResolution',
      'generationConfig.responseLogprobs',
      'other',
      'safetySettings',
      'store',
    ])
    const harmless = read({ safetySettings: [{ category: 'X', threshold: 'BLOCK_NONE' }], model: 'models/x' })
    expect(harmless.unsupported).toEqual([])
  })

  test('content that is kept elsewhere is refused, for it is missing', () => {
    expect(refusal(() => read({ cachedContent: 'cachedContents/1' }))).toMatchObject({ param: 'cachedContent' })
  })
})

describe('functions', () => {
  const f = { name: 'f', description: 'does', parameters: { type: 'OBJECT', properties: { a: { type: 'INTEGER' } } } }
  const tools = (...functionDeclarations: object[]) => ({ tools: [{ functionDeclarations }] })
  const choose = (functionCallingConfig: object, declared = [f, { name: 'g.h:i-j' }]) =>
    read({ ...tools(...declared), toolConfig: { functionCallingConfig } })

  test('with either kind of schema, or none', () => {
    const json = { type: 'object', properties: { b: { type: ['string', 'null'] } } }
    const { tools: offered, given } = read(tools(f, { name: 'g', parametersJsonSchema: json }, { name: 'h' }))
    expect(offered).toEqual([
      {
        name: 'f',
        description: 'does',
        parameters: { type: 'object', properties: { a: { type: 'integer' } } },
        strict: false,
      },
      { name: 'g', description: '', parameters: json, strict: false },
      { name: 'h', description: '', parameters: { type: 'object', properties: {} }, strict: false },
    ])
    expect(given).toEqual({ tools: 'tools' })
  })

  test('none at all', () => {
    expect(read(tools())).toMatchObject({ tools: [], given: {} })
    expect(choose({ mode: 'NONE' }, [])).toMatchObject({ toolChoice: { type: 'none' }, given: {} })
  })

  test.each([
    [{ mode: 'AUTO' }, { type: 'auto' }, ['f', 'g.h:i-j']],
    [{ mode: 'NONE' }, { type: 'none' }, ['f', 'g.h:i-j']],
    [{ mode: 'ANY' }, { type: 'required' }, ['f', 'g.h:i-j']],
    [{ mode: 'ANY', allowedFunctionNames: ['f', 'g.h:i-j'] }, { type: 'required' }, ['f', 'g.h:i-j']],
    [{ mode: 'ANY', allowedFunctionNames: ['g.h:i-j'] }, { type: 'named', name: 'g.h:i-j' }, ['g.h:i-j']],
    [{ mode: 'VALIDATED', allowedFunctionNames: ['f'] }, { type: 'auto' }, ['f']],
  ])('%j', (calling, choice, names) => {
    const { toolChoice, tools: offered } = choose(calling)
    expect(toolChoice as object).toEqual(choice)
    expect(offered.map(({ name }) => name)).toEqual(names)
  })

  test('a mode that nobody enforces is reported', () => {
    expect(choose({ mode: 'VALIDATED' }).unsupported).toEqual(['toolConfig.functionCallingConfig.mode'])
    expect(choose({ mode: 'ANY', streamFunctionCallArguments: true }).unsupported).toEqual([
      'toolConfig.functionCallingConfig.streamFunctionCallArguments',
    ])
  })

  test.each([
    [{ mode: 'ANY', allowedFunctionNames: ['none'] }, 'toolConfig.functionCallingConfig.allowedFunctionNames[0]'],
    [{ mode: 'AUTO', allowedFunctionNames: ['f'] }, 'toolConfig.functionCallingConfig.allowedFunctionNames'],
    [{ mode: 'SOMETIMES' }, 'toolConfig.functionCallingConfig.mode'],
  ])('%j is refused', (calling, param) => {
    expect(refusal(() => choose(calling))).toMatchObject({ status: 400, param })
  })

  test.each([
    [[{ googleSearch: {} }], 'tools[0].googleSearch'],
    [[{ functionDeclarations: [f] }, { code_execution: {} }], 'tools[1].codeExecution'],
    [[{ urlContext: {} }], 'tools[0].urlContext'],
    [[{ somethingNew: {} }], 'tools[0]'],
    [[{ functionDeclarations: [f, f] }], 'tools[0].functionDeclarations[1].name'],
    [[{ functionDeclarations: [{ name: '1 x' }] }], 'tools[0].functionDeclarations[0].name'],
    [
      [{ functionDeclarations: [{ name: 'f', parameters: { type: 'STRING' } }] }],
      'tools[0].functionDeclarations[0].parameters.type',
    ],
  ])('%j is refused', (given, param) => {
    expect(refusal(() => read({ tools: given }))).toMatchObject({ status: 400, param })
  })
})

test('Google’s schemas as JSON Schema', () => {
  const google = {
    type: 'OBJECT',
    property_ordering: ['a'],
    properties: {
      type: { type: 'ARRAY', items: { type: 'STRING', enum: ['x'], nullable: true }, max_items: '3', minItems: 1 },
      any_of: { anyOf: [{ type: 'NUMBER' }, { type: 'BOOLEAN' }], nullable: true, example: 5 },
    },
    required: ['type'],
    $defs: { A: { type: 'TYPE_UNSPECIFIED', description: 'd' } },
  }
  expect(toJsonSchema(google)).toEqual({
    type: 'object',
    properties: {
      type: { type: 'array', items: { type: ['string', 'null'], enum: ['x', null] }, maxItems: 3, minItems: 1 },
      any_of: { anyOf: [{ type: 'number' }, { type: 'boolean' }, { type: 'null' }], examples: [5] },
    },
    required: ['type'],
    $defs: { A: { description: 'd' } },
  })
  const json = {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: { a: { const: 'X', format: 'uri' } },
  }
  expect(toJsonSchema(json)).toEqual(json)
})

test('a count is of contents or of a whole request', () => {
  expect(decodeCount('m', { contents: HELLO as never })).toMatchObject({ model: 'm', stream: false, unsupported: [] })
  const whole = { contents: HELLO as never, systemInstruction: 'x' }
  expect(decodeCount('m', { generateContentRequest: whole }).system).toEqual([{ type: 'text', text: 'x' }])
  expect(refusal(() => decodeCount('m', {}))).toMatchObject({ param: 'contents', status: 400 })
})
