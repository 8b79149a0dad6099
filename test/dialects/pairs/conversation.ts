// Neutral requests with everything in them that some API can say.
import * as fc from 'fast-check'
import {
  type AssistantPart,
  type ChatRequest,
  type DocumentPart,
  EFFORTS,
  type ImagePart,
  type Message,
  type Output,
  type Sampling,
  type TextPart,
  type Tool,
  type ToolChoice,
  type ToolResultPart,
} from '../../../src/core/request.ts'
import { text } from '../answers.ts'

const said = text.filter((value) => value !== '')
const textPart: fc.Arbitrary<TextPart> = said.map((text) => ({ type: 'text', text }))
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/)
/** Names that objects have anyway. */
const odd = fc.constantFrom('constructor', 'prototype', 'toString')
const bytes = fc.uint8Array({ minLength: 1, maxLength: 9 }).map((array) => Buffer.from(array).toString('base64'))
/** Text documents hold text, so that an API may show it as such. */
const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 9 })
  .map((value) => Buffer.from(value).toString('base64'))
const address = fc.webUrl({ withQueryParameters: true }).filter((url) => url.startsWith('http'))
const data = (mediaType: string, data: string) => ({ kind: 'data' as const, mediaType, data })

const image: fc.Arbitrary<ImagePart> = fc
  .oneof(
    fc.tuple(fc.constantFrom('image/png', 'image/jpeg'), bytes).map(([type, base64]) => data(type, base64)),
    address.map((url) => ({ kind: 'url' as const, url })),
  )
  .map((source) => ({ type: 'image', source }))

const document: fc.Arbitrary<DocumentPart> = fc
  .tuple(
    fc.oneof(
      bytes.map((base64) => data('application/pdf', base64)),
      fc.tuple(fc.constantFrom('text/plain', 'text/csv'), words).map(([type, base64]) => data(type, base64)),
    ),
    fc.option(fc.stringMatching(/^[a-z]{1,8}\.[a-z]{3}$/), { nil: undefined }),
  )
  .map(([source, title]) => Object.assign({ type: 'document' as const, source }, title === undefined ? {} : { title }))

const opaque = fc.oneof(
  fc.constant({}),
  fc.record({ signature: fc.base64String({ minLength: 4, maxLength: 8 }) }),
  fc.record({ encrypted: fc.base64String({ minLength: 4, maxLength: 8 }) }),
)
const reasoning: fc.Arbitrary<AssistantPart> = fc
  // Thoughts that only the provider can read are common.
  .tuple(fc.oneof(text, fc.constant('')), opaque)
  .filter(([words, fields]) => words !== '' || Object.keys(fields).length > 0)
  .map(([text, fields]) => Object.assign({ type: 'reasoning' as const, text }, fields))

/** JSON of an object mostly, and what models write instead. */
export const callArguments = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .dictionary(fc.oneof({ weight: 4, arbitrary: name }, odd), fc.jsonValue({ maxDepth: 1 }))
      .map((value) => JSON.stringify(value)),
  },
  fc.constantFrom('', '{', '[1]', '"x"', '{ "a" : 1 }', 'null'),
)

type Turn = { parts: AssistantPart[]; results: Omit<ToolResultPart, 'id' | 'type'>[]; after: Message[] }
const call = fc.record({ name, arguments: callArguments })
const result = fc.record({
  content: fc.array(fc.oneof({ weight: 2, arbitrary: textPart }, image, document), { maxLength: 3 }),
  isError: fc.boolean(),
})
const userMessage: fc.Arbitrary<Message> = fc
  .array(fc.oneof({ weight: 2, arbitrary: textPart }, image, document), { minLength: 1, maxLength: 3 })
  .map((content) => ({ role: 'user', content }))
const systemMessage: fc.Arbitrary<Message> = textPart.map((part) => ({ role: 'system', content: [part] }))

const turn: fc.Arbitrary<Turn> = fc
  .record({
    spoken: fc.array(fc.oneof(reasoning, textPart), { maxLength: 3 }),
    calls: fc.array(fc.tuple(call, result), { maxLength: 3 }),
    shuffle: fc.boolean(),
    after: fc.array(fc.oneof({ weight: 3, arbitrary: userMessage }, systemMessage), { maxLength: 2 }),
  })
  .filter(({ spoken, calls }) => spoken.length + calls.length > 0)
  .map(({ spoken, calls, shuffle, after }) => {
    const called = calls.map(([fields]): AssistantPart => ({ type: 'tool-call', id: '', ...fields }))
    return {
      parts: shuffle ? [...called, ...spoken] : [...spoken, ...called],
      results: calls.map(([, fields]) => fields),
      after,
    }
  })

/** The results of parallel calls, in the order of the calls, stand right behind them: no API takes them elsewhere. */
function messagesOf(first: Message, turns: readonly Turn[], last: Message): Message[] {
  const messages: Message[] = [first]
  for (const [index, { parts, results, after }] of turns.entries()) {
    let calls = 0
    const content = structuredClone(parts)
    for (const part of content) if (part.type === 'tool-call') part.id = `call_${index}_${calls++}`
    messages.push({ role: 'assistant', content })
    const answers = results.map((fields, number): ToolResultPart =>
      Object.assign({ type: 'tool-result' as const, id: `call_${index}_${number}` }, fields),
    )
    if (answers.length > 0) messages.push({ role: 'tool', content: answers })
    messages.push(...after)
  }
  return [...messages, last]
}

const schema = fc
  .dictionary(name, fc.constantFrom({ type: 'string' }, { type: 'integer', minimum: 1 }))
  .map((properties): Record<string, unknown> => ({ type: 'object', properties, required: Object.keys(properties) }))
const tool: fc.Arbitrary<Tool> = fc.record({ name, description: said, parameters: schema, strict: fc.boolean() })

const output: fc.Arbitrary<Output> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Output>({ type: 'text' }) },
  fc.constant<Output>({ type: 'json' }),
  fc.record({ type: fc.constant('json-schema' as const), name, schema, strict: fc.boolean() }),
)

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
const number = (least: number, most: number) => fc.double({ min: least, max: most, noNaN: true })

const sampling: fc.Arbitrary<Sampling> = fc
  .record({
    temperature: maybe(number(0, 2)),
    topP: maybe(number(0, 0.99)),
    topK: maybe(fc.integer({ min: 1, max: 99 })),
    maxTokens: maybe(fc.integer({ min: 2000, max: 9000 })),
    stop: fc.uniqueArray(said, { maxLength: 3 }),
    seed: maybe(fc.integer()),
    frequencyPenalty: maybe(number(0.1, 2)),
    presencePenalty: maybe(number(-2, -0.1)),
  })
  .map((fields) => present(fields) as Sampling)

const thinking = fc
  .record({ effort: maybe(fc.constantFrom(...EFFORTS)), budgetTokens: maybe(fc.integer({ min: 1024, max: 1999 })) })
  .map((fields) => (fields.effort === 'none' ? { effort: fields.effort } : present(fields)) as ChatRequest['reasoning'])

/** Without the fields that are undefined. */
function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

const label = fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^[a-z]{1,9}$/) }, odd)

export const neutralRequest: fc.Arbitrary<ChatRequest> = fc
  .record({
    system: fc.array(textPart, { maxLength: 2 }),
    first: userMessage,
    turns: fc.array(turn, { maxLength: 3 }),
    last: userMessage,
    tools: fc.uniqueArray(tool, { maxLength: 3, selector: (one) => one.name }),
    choice: fc.constantFrom<ToolChoice['type']>('auto', 'none', 'required', 'named'),
    parallel: fc.boolean(),
    output,
    sampling,
    reasoning: thinking,
    stream: fc.boolean(),
    count: fc.integer({ min: 1, max: 3 }),
    user: maybe(label) as fc.Arbitrary<string>,
    metadata: fc.dictionary(label, label, { maxKeys: 3 }),
  })
  .map(toRequest)

type Drawn = Omit<ChatRequest, 'model' | 'messages' | 'toolChoice' | 'parallelToolCalls' | 'given' | 'unsupported'> & {
  first: Message
  turns: Turn[]
  last: Message
  choice: ToolChoice['type']
  parallel: boolean
}

function toRequest({ first, turns, last, tools, choice, parallel, user, ...fields }: Drawn): ChatRequest {
  const toolChoice: ToolChoice =
    tools.length === 0
      ? { type: 'auto' }
      : choice === 'named'
        ? { type: 'named', name: tools[0]!.name }
        : { type: choice }
  return {
    ...fields,
    model: 'demo/chat',
    messages: messagesOf(first, turns, last),
    tools,
    toolChoice,
    parallelToolCalls: tools.length === 0 || parallel,
    ...(user === undefined ? {} : { user }),
    given: {},
    unsupported: [],
  }
}
