// Requests as Google's SDK sends them to the Gemini API.
import { type Content, FunctionCallingConfigMode, type GenerateContentConfig, type Part } from '@google/genai'
import type { AssistantPart, ChatRequest, Message, ReasoningPart, UserPart } from '../../../src/core/request.ts'
import { decode, type GeminiCall } from '../../../src/dialects/gemini/decode.ts'
import { toSignature } from '../../../src/dialects/gemini/opaque.ts'
import { parseInput } from '../../../src/dialects/tool-input.ts'
import { call } from '../gemini/support.ts'
import { type Form, inAnswers, inResults, type Loss, NAMELESS_FORMAT, ONE_MESSAGE } from './form.ts'

const noUser: Loss = {
  what: 'the name of a person',
  lose: (request) => {
    const { user: _, ...rest } = request
    return rest
  },
}
const noLateSystem: Loss = {
  what: 'instructions in the middle',
  lose: (request) => ({ ...request, messages: request.messages.filter(({ role }) => role !== 'system') }),
}
const thinking: Loss = {
  what: 'the most effort; a budget beside an effort',
  lose: (request) => {
    const { effort, budgetTokens } = request.reasoning
    if (effort !== undefined && effort !== 'max') return { ...request, reasoning: { effort } }
    return { ...request, reasoning: budgetTokens === undefined ? {} : { budgetTokens } }
  },
}
const tools: Loss = {
  what: 'one call at a time, and functions that are strict',
  lose: (request) => ({
    ...request,
    parallelToolCalls: true,
    tools: request.tools.map((tool) => ({ ...tool, strict: false })),
  }),
}
const onlyTheNamed: Loss = {
  what: 'functions beside the one that must be called',
  lose: (request) => {
    const { toolChoice } = request
    if (toolChoice.type !== 'named') return request
    return { ...request, tools: request.tools.filter(({ name }) => name === toolChoice.name) }
  },
}
export const gemini: Form = {
  name: 'gemini',
  decode: (asked) => {
    const { model, form, body } = asked as GeminiCall
    const read = call(body, form)
    return decode({ ...read, model })
  },
  write,
  losses: [
    noUser,
    noLateSystem,
    thinking,
    tools,
    onlyTheNamed,
    NAMELESS_FORMAT,
    ONE_MESSAGE,
    inAnswers('where one of several texts, or thoughts without a signature, ends', merged),
    inResults(
      'where one of several texts of a result ends, and that it stands behind a picture',
      ({ content, ...result }) => {
        const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
        const media = content.filter((part) => part.type !== 'text')
        return { ...result, content: text === '' ? media : [{ type: 'text', text }, ...media] }
      },
    ),
    inResults('that a function failed without a word', (result) =>
      result.content.some(({ type }) => type === 'text') ? result : { ...result, isError: false },
    ),
  ],
}

/** Thoughts stand at the part behind them, so that those in a row have one signature. */
export function merged(content: readonly AssistantPart[]): AssistantPart[] {
  const parts: AssistantPart[] = []
  for (const group of grouped(content)) {
    const last = parts.at(-1)
    if (Array.isArray(group)) {
      const text = group.map((thought) => thought.text).join('')
      if (isSigned(group)) parts.push(...group)
      else if (text !== '') parts.push({ type: 'reasoning', text })
    } else if (group.type === 'text' && last?.type === 'text') {
      parts[parts.length - 1] = { ...last, text: last.text + group.text }
    } else if (group.type !== 'text' || group.text !== '') parts.push(group)
  }
  return parts
}

type Group = ReasoningPart[] | Exclude<AssistantPart, ReasoningPart>

const isSigned = (thoughts: readonly ReasoningPart[]) =>
  thoughts.some(({ signature, encrypted }) => signature !== undefined || encrypted !== undefined)

/** Thoughts in a row together. */
function grouped(content: readonly AssistantPart[]): Group[] {
  const groups: Group[] = []
  for (const part of content) {
    const last = groups.at(-1)
    if (part.type !== 'reasoning') groups.push(part)
    else if (Array.isArray(last)) last.push(part)
    else groups.push([part])
  }
  return groups
}

function write(request: ChatRequest): { model: string; form: GeminiCall['form']; body: object } {
  const { system, sampling, output, metadata, count } = request
  const { effort, budgetTokens } = request.reasoning
  const config: GenerateContentConfig = {
    ...(sampling.temperature === undefined ? {} : { temperature: sampling.temperature }),
    ...(sampling.topP === undefined ? {} : { topP: sampling.topP }),
    ...(sampling.topK === undefined ? {} : { topK: sampling.topK }),
    ...(sampling.maxTokens === undefined ? {} : { maxOutputTokens: sampling.maxTokens }),
    ...(sampling.seed === undefined ? {} : { seed: sampling.seed }),
    ...(sampling.frequencyPenalty === undefined ? {} : { frequencyPenalty: sampling.frequencyPenalty }),
    ...(sampling.presencePenalty === undefined ? {} : { presencePenalty: sampling.presencePenalty }),
    stopSequences: sampling.stop,
    candidateCount: count,
    ...(output.type === 'text' ? {} : { responseMimeType: 'application/json' }),
    ...(output.type === 'json-schema' ? { responseJsonSchema: output.schema } : {}),
  }
  const thinkingConfig =
    effort === 'none'
      ? { thinkingBudget: 0 }
      : effort !== undefined && effort !== 'max'
        ? { thinkingLevel: effort.toUpperCase() }
        : budgetTokens === undefined
          ? {}
          : { thinkingBudget: budgetTokens }
  const body = {
    contents: ONE_MESSAGE.lose(noLateSystem.lose(request)).messages.flatMap(writeMessage(request)),
    ...(system.length > 0 ? { systemInstruction: { role: 'user', parts: system.map(({ text }) => ({ text })) } } : {}),
    generationConfig: { ...config, thinkingConfig },
    labels: metadata,
    ...writeTools(request),
  }
  return { model: request.model, form: request.stream ? 'events' : 'whole', body }
}

const { AUTO, NONE, ANY } = FunctionCallingConfigMode
const MODES = { auto: AUTO, none: NONE, required: ANY, named: ANY }

function writeTools({ tools, toolChoice }: ChatRequest): object {
  if (tools.length === 0) return {}
  const functionCallingConfig = {
    mode: MODES[toolChoice.type],
    ...(toolChoice.type === 'named' ? { allowedFunctionNames: [toolChoice.name] } : {}),
  }
  const functionDeclarations = tools.map(({ name, description, parameters }) => ({
    name,
    description,
    parametersJsonSchema: parameters,
  }))
  return { tools: [{ functionDeclarations }], toolConfig: { functionCallingConfig } }
}

function writeMessage({ messages }: ChatRequest) {
  const names = new Map(
    messages.flatMap(({ content }) =>
      content.flatMap((part) => (part.type === 'tool-call' ? [[part.id, part.name] as const] : [])),
    ),
  )
  return (message: Message): Content[] => {
    switch (message.role) {
      case 'system':
        return []
      case 'user':
        return [{ role: 'user', parts: message.content.map(writePart) }]
      case 'assistant':
        return [{ role: 'model', parts: writeAnswer(message.content) }]
      case 'tool':
        return [
          {
            role: 'user',
            parts: message.content.map(({ id, content, isError }): Part => {
              const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
              const parts = content.flatMap((part) => (part.type === 'text' ? [] : [writePart(part)]))
              const response = text === '' ? {} : { [isError ? 'error' : 'output']: text }
              return {
                functionResponse: { id, name: names.get(id)!, response, ...(parts.length > 0 ? { parts } : {}) },
              }
            }),
          },
        ]
      default:
        return message satisfies never
    }
  }
}

function writeAnswer(content: readonly AssistantPart[]): Part[] {
  const parts: Part[] = []
  let signature: { thoughtSignature?: string } = {}
  for (const group of grouped(content)) {
    if (Array.isArray(group)) {
      const thoughtSignature = toSignature(group)
      const text = group.map((thought) => thought.text).join('')
      if (text !== '') parts.push({ text, thought: true })
      signature = thoughtSignature === undefined ? {} : { thoughtSignature }
      continue
    }
    if (group.type === 'text') parts.push({ text: group.text, ...signature })
    else
      parts.push({
        functionCall: { id: group.id, name: group.name, args: parseInput(group.arguments) },
        ...signature,
      })
    signature = {}
  }
  return signature.thoughtSignature === undefined ? parts : [...parts, { text: '', ...signature }]
}

function writePart(part: UserPart): Part {
  if (part.type === 'text') return { text: part.text }
  const { source } = part
  const title = part.type === 'document' && part.title !== undefined ? { displayName: part.title } : {}
  if (source.kind === 'url')
    return {
      fileData: { fileUri: source.url, mimeType: part.type === 'image' ? 'image/png' : 'application/pdf', ...title },
    }
  return { inlineData: { mimeType: source.mediaType, data: source.data, ...title } }
}
