/** What a strict reader of server-sent events finds: the data of each event, and how many comments there were. */
export function parseEvents(text: string): { data: string[]; comments: number } {
  const blocks = text.split('\n\n')
  if (blocks.pop() !== '') throw new Error(`the last block has no end: ${text.slice(-200)}`)
  const data: string[] = []
  let comments = 0
  for (const block of blocks) {
    if (block.startsWith(':')) {
      if (block.includes('\n')) throw new Error(`a comment inside a block: ${block.slice(0, 200)}`)
      comments += 1
    } else {
      if (!block.startsWith('data: ') || block.includes('\n')) throw new Error(`not an event: ${block.slice(0, 200)}`)
      data.push(block.slice('data: '.length))
    }
  }
  return { data, comments }
}

/** The text that the chunks of an OpenAI stream add up to. */
export function textOf(data: readonly string[]): string {
  return data
    .filter((event) => event !== '[DONE]')
    .map((event) => JSON.parse(event).choices?.[0]?.delta?.content ?? '')
    .join('')
}
