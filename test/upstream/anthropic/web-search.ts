// What the service's own search is in an answer of the Anthropic API.
import type { Step } from '../reply.ts'

type Search = Extract<Step, { type: 'web-search' }>

/** The block of the call and that of its result. */
export function searchBlocks({ query, sources }: Search, id: string) {
  const content = sources.map((source) => ({
    type: 'web_search_result' as const,
    ...source,
    encrypted_content: 'c2ltdWxhdGVk',
    page_age: null,
  }))
  return {
    call: { type: 'server_tool_use' as const, id, name: 'web_search', input: { query } },
    found: { type: 'web_search_tool_result' as const, tool_use_id: id, content },
  }
}
