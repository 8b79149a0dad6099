// What only a provider can read and must get back unchanged, in the one place that a part has for it. Signatures are bytes in
// this API: Python's SDK reads base64 of either alphabet and writes its own, so whatever is no plain base64 is packed into some.
import * as v from 'valibot'
import type { ReasoningPart } from '../../core/request.ts'

/** In front of what is packed here. */
const MARK = 'cligate.reasoning:'

/** What stands for a signature where there is none, by Google's documentation; Gemini CLI (0.61) writes the first. */
const DUMMIES = new Set(['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go'])

const Packed = v.array(
  v.pipe(
    v.object({ text: v.string(), signature: v.optional(v.string()), encrypted: v.optional(v.string()) }),
    v.transform((thought): ReasoningPart => ({ type: 'reasoning', ...thought })),
  ),
)

/**
 * The signature of the part behind these thoughts; undefined where the provider gave none. It holds their text as well: many
 * clients drop thoughts, and some providers sign text and all.
 */
export function toSignature(thoughts: readonly ReasoningPart[]): string | undefined {
  if (!thoughts.some(({ signature, encrypted }) => signature !== undefined || encrypted !== undefined)) return undefined
  const [only] = thoughts
  if (thoughts.length === 1 && only?.text === '' && only.encrypted === undefined && isPlain(only.signature))
    return only.signature
  const packed = thoughts.map(({ text, signature, encrypted }) => ({ text, signature, encrypted }))
  return Buffer.from(MARK + JSON.stringify(packed)).toString('base64')
}

/** The thoughts of an earlier answer. @param said the text of the thoughts that came with it */
export function toThoughts(signature: string, said: string): ReasoningPart[] {
  if (DUMMIES.has(signature) || signature === '') return said === '' ? [] : [{ type: 'reasoning', text: said }]
  const base64 = signature.replaceAll('-', '+').replaceAll('_', '/')
  const bytes = Buffer.from(base64, 'base64')
  const packed = unpack(bytes.toString())
  if (packed) return packed
  // Anything but base64 cannot be ours; it goes to the provider as it is.
  const canonical = bytes.toString('base64')
  const isBase64 = canonical.replace(/=+$/, '') === base64.replace(/=+$/, '')
  return [{ type: 'reasoning', text: said, signature: isBase64 ? canonical : signature }]
}

function unpack(text: string): ReasoningPart[] | undefined {
  if (!text.startsWith(MARK)) return undefined
  try {
    const result = v.safeParse(Packed, JSON.parse(text.slice(MARK.length)))
    if (result.success) return result.output
  } catch {
    // Cut or changed on its way.
  }
  return undefined
}

/** Whether it comes back as it is, whatever a client does with bytes. */
function isPlain(signature: string | undefined): signature is string {
  if (signature === undefined || signature === '' || DUMMIES.has(signature)) return false
  const bytes = Buffer.from(signature, 'base64')
  return bytes.toString('base64') === signature && !bytes.toString().startsWith(MARK)
}
