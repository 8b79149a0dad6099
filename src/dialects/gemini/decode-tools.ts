// The functions of a request and what the model may do with them.
import type { ChatRequest, Tool } from '../../core/request.ts'
import { invalid, refuse } from '../refuse.ts'
import { isVoid, report, reportStray } from '../stray-fields.ts'
import { toJsonSchema } from './json-schema.ts'
import * as schema from './schema-tools.ts'
import type { GenerateContentRequest } from './schema.ts'

type Tools = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls' | 'given'>

/** Functions in all lists together. */
const MOST_FUNCTIONS = 1024
const CHOICE = 'toolConfig.functionCallingConfig'

/** @throws GatewayError `unsupported_parameter` for Google's own tools, `invalid_request` for what cannot be called */
export function decodeTools({ tools, toolConfig }: GenerateContentRequest, unsupported: string[]): Tools {
  const offered = new Map<string, Tool>()
  for (const [index, tool] of (tools ?? []).entries()) {
    const path = `tools[${index}]`
    refuseBuiltIn(tool, path)
    for (const [position, declaration] of (tool.functionDeclarations ?? []).entries()) {
      const place = `${path}.functionDeclarations[${position}]`
      const { name } = declaration
      if (offered.has(name)) invalid(`${place}.name`, `${place}.name is the name of another function already.`)
      if (offered.size === MOST_FUNCTIONS)
        invalid('tools', `tools must have at most ${MOST_FUNCTIONS} functions in all.`)
      offered.set(name, decodeFunction(declaration, place, unsupported))
    }
  }
  const decoded: Tools = {
    tools: [...offered.values()],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    given: {},
  }
  if (offered.size > 0) decoded.given.tools = 'tools'
  if (toolConfig) decodeChoice(toolConfig, decoded, unsupported)
  return decoded
}

function refuseBuiltIn(tool: schema.Tool, path: string): void {
  for (const [key, value] of Object.entries(tool)) {
    if (key === 'functionDeclarations' || isVoid(value)) continue
    const known = Object.hasOwn(schema.GeminiTool.entries, key)
    refuse(
      known ? `${path}.${key}` : path,
      `${known ? `${path}.${key}` : path} is a tool of Google's own service, which is not available here. Only functionDeclarations are.`,
    )
  }
}

function decodeFunction(declaration: schema.FunctionDeclaration, path: string, unsupported: string[]): Tool {
  const { name, description, parameters, parametersJsonSchema, behavior } = declaration
  reportStray(declaration, schema.GeminiFunctionDeclaration.entries, path, unsupported)
  if (behavior && behavior !== 'BLOCKING' && behavior !== 'UNSPECIFIED') report(`${path}.behavior`, unsupported)
  if (parameters && parametersJsonSchema)
    invalid(`${path}.parametersJsonSchema`, `${path} must have parameters or parametersJsonSchema, not both.`)
  const given = parametersJsonSchema ?? (parameters ? toJsonSchema(parameters) : {})
  const type = given['type'] ?? 'object'
  if (type !== 'object') {
    const field = `${path}.${parametersJsonSchema ? 'parametersJsonSchema' : 'parameters'}.type`
    invalid(field, `${field} must be object.`)
  }
  return {
    name,
    description: description ?? '',
    parameters: { properties: {}, ...given, type },
    strict: false,
  }
}

function decodeChoice(config: schema.ToolConfig, decoded: Tools, unsupported: string[]): void {
  reportStray(config, schema.GeminiToolConfig.entries, 'toolConfig', unsupported)
  if (!isVoid(config.retrievalConfig)) report('toolConfig.retrievalConfig', unsupported)
  const calling = config.functionCallingConfig
  if (!calling) return
  const { mode, allowedFunctionNames, streamFunctionCallArguments, ...stray } = calling
  reportStray(stray, {}, CHOICE, unsupported)
  if (streamFunctionCallArguments) report(`${CHOICE}.streamFunctionCallArguments`, unsupported)
  const names = new Set(allowedFunctionNames)
  if (names.size > 0) allowOnly(names, mode, decoded)
  switch (mode) {
    case 'NONE':
      decoded.toolChoice = { type: 'none' }
      break
    case 'ANY':
      if (decoded.tools.length === 0) invalid(`${CHOICE}.mode`, `${CHOICE}.mode ANY needs functions to choose from.`)
      decoded.toolChoice = names.size === 1 ? { type: 'named', name: decoded.tools[0]!.name } : { type: 'required' }
      break
    case 'VALIDATED':
      // Nothing forces a CLI's model to fit the schemas in this mode alone.
      if (decoded.tools.length > 0) report(`${CHOICE}.mode`, unsupported)
      return
    case 'AUTO':
    case 'MODE_UNSPECIFIED':
    case null:
    case undefined:
      return
    default:
      mode satisfies never
  }
  if (decoded.tools.length > 0) decoded.given.toolChoice = `${CHOICE}.mode`
}

/** The model may call these and no other, so the others are not offered. */
function allowOnly(names: ReadonlySet<string>, mode: string | null | undefined, decoded: Tools): void {
  const field = `${CHOICE}.allowedFunctionNames`
  if (mode !== 'ANY' && mode !== 'VALIDATED')
    invalid(field, `${field} is only allowed with the modes ANY and VALIDATED.`)
  const offered = new Set(decoded.tools.map(({ name }) => name))
  const position = [...names].findIndex((name) => !offered.has(name))
  if (position >= 0) invalid(`${field}[${position}]`, `${field}[${position}] is the name of none of the functions.`)
  decoded.tools = decoded.tools.filter(({ name }) => names.has(name))
}
