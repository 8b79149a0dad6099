// A conversation means the same in every API, and after it went from any of them to any other.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import * as fc from 'fast-check'
import type { ChatRequest } from '../../../src/core/request.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { neutralRequest } from './conversation.ts'
import { type Form, givenOf, leftIn, meaningOf, namesGiven } from './form.ts'
import { gemini } from './gemini.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'

setDefaultTimeout(120_000)

const FORMS: Form[] = [openaiChat, openaiResponses, anthropicMessages, gemini]
const PAIRS = FORMS.flatMap((from) =>
  FORMS.filter((to) => to !== from).map((to) => [from.name, to.name, from, to] as const),
)

/** What the gateway understands of a request in an API. All of it is honoured, and each parameter is known to be given. */
function through(form: Form, request: ChatRequest): ChatRequest {
  const read = form.decode(JSON.parse(JSON.stringify(form.write(request))))
  expect(read.unsupported).toEqual([])
  expect(namesGiven(read)).toEqual(givenOf(read))
  return read
}

describe('a request', () => {
  test.each(PAIRS)('from %s to %s', (_from, _to, from, to) => {
    fc.assert(
      fc.property(neutralRequest, (request) => {
        const first = through(from, request)
        expect(meaningOf(first)).toEqual(meaningOf(leftIn(from, request)))
        const second = through(to, first)
        expect(meaningOf(second)).toEqual(meaningOf(leftIn(to, leftIn(from, request))))
        // And back: whoever changes the API in the middle of a conversation loses no more than that.
        const back = through(from, second)
        expect(meaningOf(back)).toEqual(meaningOf(leftIn(from, second)))
      }),
      { numRuns: 150 },
    )
  })

  // A loss that no request ever has is no loss: the tables say what is so.
  test.each(FORMS.map((form) => [form.name, form] as const))('%s loses what it is said to lose', (_name, form) => {
    const requests = fc.sample(neutralRequest, { numRuns: 400, seed: 1 })
    const needless = form.losses.filter(
      (loss) =>
        !requests.some((request) => {
          const left = leftIn({ ...form, losses: form.losses.filter((other) => other !== loss) }, request)
          return !Bun.deepEquals(meaningOf(left), meaningOf(leftIn(form, request)))
        }),
    )
    expect(needless.map(({ what }) => what)).toEqual([])
  })
})
