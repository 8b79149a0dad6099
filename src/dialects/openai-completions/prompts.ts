// Several prompts in one request: each has answers of its own, so that the number of an answer tells which prompt it is to.
import type { ChatRequest, Message } from '../../core/request.ts'
import type { Turn } from '../../core/turn.ts'
import type { CompletionRequest } from './schema.ts'

export function promptsOf({ prompt }: CompletionRequest): string[] {
  return typeof prompt === 'string' ? [prompt] : prompt
}

/** The prompt of one answer. */
export function promptAt(body: CompletionRequest, choice: number): string {
  return promptsOf(body)[Math.floor(choice / (body.n ?? 1))] ?? ''
}

/** A turn with the prompt that it is to. */
export function withPrompt(body: CompletionRequest, turn: Turn): Turn {
  const request: ChatRequest = { ...turn.request, messages: messagesOf(promptAt(body, turn.choice ?? 0)) }
  return { ...turn, request }
}

export function messagesOf(prompt: string): Message[] {
  return [{ role: 'user', content: prompt === '' ? [] : [{ type: 'text', text: prompt }] }]
}
