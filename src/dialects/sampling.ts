// The parameters of a request that are numbers.
import type { ChatRequest } from '../core/request.ts'

type NumberParameter = Exclude<keyof ChatRequest['sampling'], 'stop'>

/** A parameter, the field that has it, and the value that asks for nothing. */
type NumberField<Name> = readonly [parameter: NumberParameter, name: Name, asksForNothing?: number]

/**
 * Takes over the numbers that the caller gave: not null, and not what asks for nothing.
 * @param within the path of the fields, where they do not stand in the request itself
 */
export function takeNumbers<const Name extends string>(
  body: { readonly [Field in NoInfer<Name>]?: number | null | undefined },
  { sampling, given }: Pick<ChatRequest, 'sampling' | 'given'>,
  fields: readonly NumberField<Name>[],
  within?: string,
): void {
  for (const [parameter, name, asksForNothing] of fields) {
    const value = body[name]
    if (value === undefined || value === null || value === asksForNothing) continue
    sampling[parameter] = value
    given[parameter] = within === undefined ? name : `${within}.${name}`
  }
}
