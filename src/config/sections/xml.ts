import * as v from 'valibot'
import { amount, section, setting } from '../setting.ts'

const toolName = v.pipe(v.string(), v.regex(/^[A-Za-z][\w-]{0,63}$/, 'must be the name of a tool'))

export const xml = section(
  'Clients that describe their tools in the prompt and read XML from the answer, such as Cline.',
  {
    confidence_threshold: setting(
      amount(0, 100),
      5,
      'Score from which on a request counts as one of theirs, and its model is reminded of the format. 100 turns it off.',
      { environment: [{ name: 'XML_CONFIDENCE_THRESHOLD' }] },
    ),
    known_tools: setting(
      v.array(toolName),
      [],
      'Names of tools that such clients have, besides those of Cline, Roo Code and Kilo Code.',
      { environment: [{ name: 'XML_KNOWN_TOOLS' }] },
    ),
  },
)
