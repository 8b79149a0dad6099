// What a library for building with models is asked to do in these tests.
import { z } from 'zod'

/** The functions of the task, as the caller runs them. */
export type Functions = { get_weather(city: string): string; get_time(zone: string): string }

export type Task = {
  /** Of the gate, without a path. */
  url: string
  model: string
  prompt: string
  stream: boolean
  functions: Functions
}

export type Library = {
  name: string
  /** How it writes the result of a function, where it is not the bare text. */
  wraps: ((name: string, result: string) => string) | undefined
  /** Has the model call functions until it answers, by the library's own loop; resolves with the answer. */
  finish(task: Task): Promise<string>
  /** Has the model answer in the form of `ANSWER`. */
  object(task: Pick<Task, 'url' | 'model' | 'prompt' | 'stream'>): Promise<unknown>
}

export const CITY = z.object({ city: z.string().describe('Its name') })
export const ZONE = z.object({ zone: z.string() })
export const ANSWER = z.object({ steps: z.array(z.string()), answer: z.number().int() })
