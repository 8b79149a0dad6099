import type { ChatRequest } from '../core/request.ts'
import { detectXmlTools, type XmlToolsOptions } from './xml-tools.ts'

/**
 * Said to the model besides the client's own prompt: a CLI tells its model of real functions, and a model that is used to these
 * slips into their form. The same for every request, so that the provider's prompt cache holds.
 */
export const XML_TOOLS_REMINDER = `Tool format: the tools described above are not functions of yours. They are used by writing XML in the text of your answer, and in no other form. The tag is the tool's name, each parameter is a tag inside it:

<tool_name>
<parameter_name>value</parameter_name>
</tool_name>

Use the names exactly as they are defined above, without attributes. Close every tag. Do not put the XML into a code fence, do not write it as JSON or as a function call, and do not write a result yourself: end the answer behind the XML and wait for the result.`

/**
 * The request with the reminder behind its system prompt where its client defines its tools as XML; else the very same request.
 */
export function reinforceXmlTools(request: ChatRequest, options: XmlToolsOptions): ChatRequest {
  if (!detectXmlTools(request, options).detected) return request
  return { ...request, system: [...request.system, { type: 'text', text: XML_TOOLS_REMINDER }] }
}
