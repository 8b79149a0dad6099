// What the demo model says.
import type { Behaviour } from './behaviour.ts'
import { DEMO_MODELS } from './models.ts'
import { mediaIn, type Prompt } from './prompt.ts'
import { tokenise } from './tokens.ts'

const LONGEST_QUOTE = 80

const UNICODE = [
  'English: every character arrives whole. Ελληνικά: κάθε χαρακτήρας. Русский: каждый символ. Tiếng Việt: từng ký tự.',
  '中文：每个字符都完整到达。日本語：どの文字も壊れません。한국어: 모든 글자가 온전합니다.',
  'العربية: كل حرف يصل سليماً. עברית: כל תו מגיע שלם. हिन्दी: हर अक्षर पूरा। ไทย: ทุกตัวอักษรครบ',
  'Emoji: 😀 🎉 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪. Combining: e\u0301 n\u0303 Z\u0351\u036b. Mathematics: ∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, 𝒜 ⊆ 𝔅.',
].join('\n\n')

const FILLER = loop(
  `Water that falls as rain on a hill gathers in small streams, and the streams find each other in the valley. There they
   are a river, which turns the wheels of mills, carries boats, and feeds the fields on both its banks. Far below, where
   the land is flat, the river grows slow and wide, and at last it gives itself to the sea. The sun lifts the water up
   again, the wind drives the clouds back to the hill, and so it begins anew.`,
)
const THOUGHTS = loop(
  `Let me think about this step by step. First, what was asked? Then, what do I know about it? There are several ways to
   answer; the shortest is often the best. I should check that once more before I say it.`,
)

/** The text of an answer, or its tokens where it is counted by them. */
export function sayingOf(behaviour: Behaviour, prompt: Prompt): string | string[] {
  if (behaviour.tokens !== undefined) return take(FILLER, behaviour.tokens)
  if (behaviour.calls.length > 0 && prompt.results.length > 0) return fromResults(prompt)
  switch (behaviour.says) {
    case 'chat':
      return chat(prompt)
    case 'echo':
      return prompt.text
    case 'unicode':
      return UNICODE
    case 'help':
      return HELP
    case 'tools':
      return prompt.results.length > 0 ? fromResults(prompt) : chat(prompt)
    default:
      return behaviour.says satisfies never
  }
}

export function thoughtsOf(behaviour: Behaviour): string[] {
  return take(THOUGHTS, behaviour.reasoning)
}

function chat({ text, messages, media }: Prompt): string {
  const seen = [
    count(messages, 'message'),
    ...(media > 0 ? [count(media, 'image or document', 'images or documents')] : []),
  ]
  return `Hello! I am the demo model of cligate. I live inside the gateway, need no account, and give the same answer to the same words.

You wrote “${quote(text)}”, in a conversation of ${seen.join(' with ')}.

To hear from a real model, name one in \`model\`: \`GET /v1/models\` lists those there are. To see what else I can do, send me \`/help\`.`
}

function fromResults({ results }: Prompt): string {
  return results
    .map(({ name, result: { content, isError } }) => {
      const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
      const media = mediaIn(content)
      const seen = media > 0 ? ` (with ${count(media, 'image or document', 'images or documents')})` : ''
      return `${name} ${isError ? 'failed' : 'gave'}${seen}: ${text}`
    })
    .join('\n')
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

function quote(text: string): string {
  // Cut roughly first, so that a prompt of megabytes is not taken apart for a few words of it.
  const start = text.slice(0, 4 * LONGEST_QUOTE).replace(/\s+/g, ' ')
  const characters = Array.from(start.trim())
  const cut = characters.length > LONGEST_QUOTE || text.length > 4 * LONGEST_QUOTE
  return cut ? `${characters.slice(0, LONGEST_QUOTE).join('')}…` : characters.join('')
}

const HELP = `I am the demo model of cligate. These are my names:

${DEMO_MODELS.map(({ id, about }) => `- \`demo/${id}\` ${about}`).join('\n')}

A message may begin with one or more directives, at any of my names:

- \`/tokens 300\` says so many tokens
- \`/reasoning 50\` thinks so many tokens first
- \`/delay 50\` pauses so many milliseconds before each token
- \`/wait 3000\` is silent so many milliseconds at first
- \`/error 429\` fails, by a status or a code; \`/error 429 after 5\` only after so many tokens
- \`/hang\` never answers; \`/hang after 5\` falls silent after so many tokens
- \`/call NAME {JSON}\` calls a function that you offer; without the JSON I make arguments up that fit its schema
- \`/help\` says this

A token of mine is a word, or 16 characters of a long one. I honour \`max_tokens\` and \`stop\`, your choice of tools, and the form that you want an answer in.`

/** The tokens of a text that goes on for ever: round and round, each round a paragraph. */
function loop(text: string): { first: string; rest: string[] } {
  const [first, ...rest] = tokenise(text.replace(/\s+/g, ' '))
  return { first: first!, rest: [...rest, `\n\n${first!}`] }
}

function take({ first, rest }: { first: string; rest: string[] }, count: number): string[] {
  return Array.from({ length: count }, (_, place) => (place === 0 ? first : rest[(place - 1) % rest.length]!))
}
