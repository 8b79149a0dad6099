import * as v from 'valibot'
import { explainIssue } from './explain-issue.ts'

/**
 * `json` as the request that it is. It ends at the first issue: a body of a million wrong entries must not become a million.
 * @throws GatewayError `invalid_request` with the first thing that is wrong
 */
export function check<Schema extends v.GenericSchema>(schema: Schema, json: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json, { abortEarly: true })
  if (result.success) return result.output
  throw explainIssue(result.issues[0])
}
