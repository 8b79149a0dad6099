// Functions with Google's SDK.
import {
  type Content,
  FunctionCallingConfigMode,
  GoogleGenAI,
  type GenerateContentResponse,
  type Part,
} from '@google/genai'
import { type Choice, type Result, type Sdk, type Step, TOOLS } from './sdk.ts'

export function googleSdk(url: string): Sdk {
  const client = new GoogleGenAI({ apiKey: 'unused', httpOptions: { baseUrl: url, timeout: 120_000 } })
  const functionDeclarations = TOOLS.map(({ name, description, parameters }) => ({
    name,
    description,
    parametersJsonSchema: parameters,
  }))
  return {
    name: 'google genai',
    finishes: { calls: 'STOP', text: 'STOP' },
    tellsErrors: true,
    namesAllowed: true,
    async ask({ model, steps, choice, stream }) {
      const config = { tools: [{ functionDeclarations }], toolConfig: { functionCallingConfig: choiceOf(choice) } }
      const asked = { model, contents: steps.map(contentOf), config }
      const chunks: GenerateContentResponse[] = []
      if (stream) for await (const chunk of await client.models.generateContentStream(asked)) chunks.push(chunk)
      else chunks.push(await client.models.generateContent(asked))
      const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
      return {
        text: parts.map((part) => (part.thought ? '' : (part.text ?? ''))).join(''),
        calls: parts.flatMap(({ functionCall }) =>
          functionCall ? [{ id: functionCall.id!, name: functionCall.name!, arguments: functionCall.args }] : [],
        ),
        finish: chunks.at(-1)?.candidates?.[0]?.finishReason ?? '',
        own: parts,
      }
    },
  }
}

function choiceOf(choice: Choice) {
  if (typeof choice !== 'string') return { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: [choice.name] }
  const modes = {
    auto: FunctionCallingConfigMode.AUTO,
    none: FunctionCallingConfigMode.NONE,
    required: FunctionCallingConfigMode.ANY,
  }
  return { mode: modes[choice] }
}

function contentOf(step: Step): Content {
  if ('user' in step) return { role: 'user', parts: [{ text: step.user }] }
  if ('answer' in step) return { role: 'model', parts: step.answer.own as Part[] }
  return { role: 'user', parts: step.results.map(responseOf) }
}

function responseOf({ call, text, image, isError }: Result): Part {
  return {
    functionResponse: {
      id: call.id,
      name: call.name,
      response: { [isError ? 'error' : 'output']: text },
      ...(image ? { parts: [{ inlineData: { mimeType: 'image/png', data: image } }] } : {}),
    },
  }
}
