// The HTTP answer to a tool call: JSON where it is quick, else a stream of events with signs of life.

export type CallResponseOptions = {
  /** Milliseconds before the head is sent ahead of the answer. */
  headAfterMs: number
  /** Milliseconds between signs of life. */
  keepAliveMs: number
  /** What the client wants progress reported under; it gets comments where it named nothing. */
  progressToken: string | number | undefined
  /** The client has left. */
  drop(): void
}

const text = new TextEncoder()

/** `answer` never rejects. */
export async function callResponse(answer: Promise<object>, options: CallResponseOptions): Promise<Response> {
  const { headAfterMs } = options
  if (headAfterMs === Infinity) return Response.json(await answer)
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(late.resolve, headAfterMs)
  const quick = await Promise.race([answer, late.promise]).finally(() => clearTimeout(timer))
  if (quick) return Response.json(quick)
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }
  return new Response(new ReadableStream<Uint8Array>(new LateAnswer(answer, options)), { headers })
}

/** The stream of an answer that is still to come. Clients with a limit for silence count comments or progress as life. */
class LateAnswer {
  private timer: Timer | undefined

  constructor(
    private readonly answer: Promise<object>,
    private readonly options: CallResponseOptions,
  ) {}

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const write = (frame: string) => controller.enqueue(text.encode(frame))
    // The head leaves together with the first byte of the body, and not before.
    write(': wait\n\n')
    const { keepAliveMs, progressToken } = this.options
    let progress = 0
    this.timer = setInterval(() => {
      progress += 1
      const params = { progressToken, progress }
      write(
        progressToken === undefined
          ? ': wait\n\n'
          : frameOf({ jsonrpc: '2.0', method: 'notifications/progress', params }),
      )
    }, keepAliveMs)
    void this.answer.then((message) => {
      if (this.timer === undefined) return
      this.stop()
      write(frameOf(message))
      controller.close()
    })
  }

  cancel(): void {
    this.stop()
    this.options.drop()
  }

  private stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }
}

function frameOf(message: object): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`
}
