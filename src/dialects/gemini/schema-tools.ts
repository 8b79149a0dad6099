// Functions of a request.
import * as v from 'valibot'

const builtIn = v.pipe(v.nullish(v.unknown()), v.description('Refused: a tool of Google’s own service.'))
const schema = v.record(v.string(), v.unknown())
const MOST_FUNCTIONS = 512

export const GeminiFunctionDeclaration = v.pipe(
  v.looseObject({
    name: v.pipe(
      v.string(),
      v.regex(
        /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/,
        'must be at most 128 letters, digits and _ . : -, with a letter or _ first',
      ),
    ),
    description: v.nullish(v.string()),
    parameters: v.pipe(v.nullish(schema), v.description('In Google’s form of OpenAPI, or as JSON Schema.')),
    parametersJsonSchema: v.pipe(v.nullish(schema), v.description('JSON Schema, instead of `parameters`.')),
    response: v.pipe(v.nullish(v.unknown()), v.description('Without effect: no CLI is told what a function gives.')),
    responseJsonSchema: v.pipe(v.nullish(v.unknown()), v.description('Without effect, as `response`.')),
    behavior: v.pipe(v.nullish(v.string()), v.description('Only `BLOCKING` is honoured.')),
  }),
  v.metadata({ title: 'Function declaration', description: 'A function that you run and the model may call.' }),
)

export const GeminiTool = v.pipe(
  v.looseObject({
    functionDeclarations: v.nullish(v.pipe(v.array(GeminiFunctionDeclaration), v.maxLength(MOST_FUNCTIONS))),
    googleSearch: builtIn,
    googleSearchRetrieval: builtIn,
    codeExecution: builtIn,
    urlContext: builtIn,
    computerUse: builtIn,
    fileSearch: builtIn,
    googleMaps: builtIn,
    retrieval: builtIn,
    mcpServers: builtIn,
    enterpriseWebSearch: builtIn,
    exaAiSearch: builtIn,
    parallelAiSearch: builtIn,
  }),
  v.metadata({ title: 'Tool', description: 'Functions that the model may call.' }),
)

export const GeminiToolConfig = v.pipe(
  v.looseObject({
    functionCallingConfig: v.nullish(
      v.looseObject({
        mode: v.nullish(v.picklist(['MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED'])),
        allowedFunctionNames: v.pipe(
          v.nullish(v.array(v.string())),
          v.description('With `ANY` and `VALIDATED`: the others are not offered.'),
        ),
        streamFunctionCallArguments: v.pipe(v.nullish(v.boolean()), v.description('Not honoured: calls come whole.')),
      }),
    ),
    retrievalConfig: v.pipe(v.nullish(v.unknown()), v.description('Not honoured.')),
    includeServerSideToolInvocations: v.pipe(v.nullish(v.boolean()), v.description('Without effect: there are none.')),
  }),
  v.metadata({ title: 'Tool configuration', description: 'Whether the model may, must or must not call a function.' }),
)

export type Tool = v.InferOutput<typeof GeminiTool>
export type ToolConfig = v.InferOutput<typeof GeminiToolConfig>
export type FunctionDeclaration = v.InferOutput<typeof GeminiFunctionDeclaration>
