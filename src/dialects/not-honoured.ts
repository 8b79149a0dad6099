// Fields that are known, and that nothing behind the gateway can honour.
import { isVoid, report } from './stray-fields.ts'

/** Fields by their names, each with a test for values that ask for nothing. */
export type NotHonoured = Readonly<Record<string, (value: unknown) => boolean>>

/** Every value asks for something. */
export const never = () => false

/** These values ask for nothing. */
export const only =
  (...values: readonly unknown[]) =>
  (value: unknown) =>
    values.includes(value)

/** Adds the names of those that `body` has and that ask for something. */
export function reportNotHonoured(
  body: Readonly<Record<string, unknown>>,
  fields: NotHonoured,
  unsupported: string[],
): void {
  for (const [field, asksForNothing] of Object.entries(fields)) {
    const value = body[field]
    if (!isVoid(value) && !asksForNothing(value)) report(field, unsupported)
  }
}
