// Writes docs/configuration.md from the schema of the configuration, so that the page cannot lag behind.
// Usage: bun scripts/configuration-docs.ts
import { join } from 'node:path'
import { configFlags, loadOptions } from '../src/commands/config-flags.ts'
import { configJsonSchema } from '../src/config/display.ts'
import { SECTIONS, SETTINGS, type Setting } from '../src/config/settings.ts'

const PAGE = join(import.meta.dir, '../docs/configuration.md')

/** What is read of the JSON Schema of the file. */
type Node = {
  type?: string
  const?: string
  default?: unknown
  description?: string
  properties?: Record<string, Node>
  additionalProperties?: Node | false
  required?: string[]
  items?: Node
  enum?: string[]
  minimum?: number
  maximum?: number
}

const HEAD = `<!-- Written by scripts/configuration-docs.ts. Change the schema in src/config, then run: bun scripts/configuration-docs.ts -->

# Configuration

cligate runs without any configuration. This page lists every key.

\`\`\`yaml
# cligate.yaml
server:
  port: 8100
  api_keys: ['\${MY_GATE_KEY:-change-me-please}']
timeouts:
  total: 1800
aliases:
  gpt-4o: claude/sonnet
  fast: haiku:low
providers:
  claude:
    warm: { size: 4 }
\`\`\`

| command | what it does |
| --- | --- |
| \`cligate config show\` | prints what is set, and where; \`--resolved\` adds the defaults, \`--json\` prints JSON |
| \`cligate config validate\` | checks the configuration; exit code 2 when it cannot be used |
| \`cligate config init\` | writes a \`cligate.yaml\` with every key, its description and its default, as comments |
| \`cligate config schema\` | prints the JSON Schema of the file, for editors |

## Where values come from

The first of these that sets a key counts:

1. a flag of the command line
2. an environment variable
3. a \`.env\` file in the folder that cligate is started in; the compiled binary reads none unless \`--env-file\` names it
4. the configuration file
5. the default

Within 2 and 3, \`CLIGATE_SECTION__KEY\` counts before the short name. An empty variable, and a key without a value, count as not set.

The configuration file is the first of these that there is:

1. the file that \`--config\` names; it must exist
2. the file that \`CLIGATE_CONFIG\` names; it must exist
3. \`cligate.yaml\`, then \`cligate.yml\`, in the folder that cligate is started in
4. \`cligate.yaml\`, then \`cligate.yml\`, in \`$XDG_CONFIG_HOME/cligate\`, or \`~/.config/cligate\` without that variable

Only one file is read. It is read at the start: restart cligate after a change.

## How values are written

* **In the environment**, a list is separated by commas, or is JSON. A map is JSON: \`CLIGATE_ALIASES='{"fast":"haiku:low"}'\`. Truth is
  \`true\`, \`1\`, \`yes\` or \`on\`; its opposite \`false\`, \`0\`, \`no\` or \`off\`.
* **In the file**, \`\${NAME}\` stands for an environment variable and \`\${NAME:-otherwise}\` has a fallback. \`$\${\` stands for \`\${\`. A
  variable that is not set and has no fallback is an error.
* **Paths** may begin with \`~/\`. Relative ones start from the folder of the file they are written in, or from the folder that cligate
  is started in. A command without a slash is looked for on \`PATH\`.
* **Mistakes** are errors: an unknown key, a key that is set twice, a value of the wrong type or out of its range. All of them are
  told at once, each with its place and, for a misspelt key, the one that was probably meant. cligate then ends with exit code 2.
* **Secrets** are shown as \`[redacted]\`. cligate warns when others can read a file that holds one; keep such a file at mode 0600.

## Flags
`

/** The whole page. Pure: the same schema gives the same text. */
export function configurationPage(): string {
  const schema = configJsonSchema() as Node
  const top = SETTINGS.filter(({ path }) => !path.includes('.'))
  return [
    HEAD,
    flagTable(),
    '',
    '`cligate serve`, `cligate doctor`, `cligate config show` and `cligate config validate` take all of them.',
    '',
    '## Keys without a section',
    '',
    keyTable(top, schema),
    '',
    [...SECTIONS].map((path) => sectionText(path, schema)).join('\n'),
    agentText(schema),
  ].join('\n')
}

function sectionText(path: string, schema: Node): string {
  const keys = SETTINGS.filter((setting) => setting.path.slice(0, setting.path.lastIndexOf('.')) === path)
  const head = `## ${path}\n\n${nodeAt(schema, path).description ?? ''}\n`
  return keys.length > 0 ? `${head}\n${keyTable(keys, schema)}\n` : head
}

/** The one section that may be there several times, under names of the owner's own. It can only stand in the file. */
function agentText(schema: Node): string {
  const agent = nodeAt(schema, 'providers').additionalProperties
  if (!agent) throw new Error('The schema has no agents any more.')
  const rows = leavesOf(agent, 'providers.NAME').map(({ path, node, required }) => {
    const text = node.description ?? ''
    return [`\`${path}\``, typeOf(node), required ? 'required' : defaultOf(node.default), unitOf(path, text), text]
  })
  return [
    '## providers.NAME',
    '',
    `${agent.description ?? ''} NAME is the provider's name in models: \`NAME/model\`. It is set in the file only.`,
    '',
    table(['Key', 'Type', 'Default', 'Unit', 'Meaning'], rows),
    '',
  ].join('\n')
}

type Leaf = { path: string; node: Node; required: boolean }

function leavesOf(node: Node, prefix: string): Leaf[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]): Leaf[] => {
    const path = `${prefix}.${name}`
    return child.properties
      ? leavesOf(child, path)
      : [{ path, node: child, required: node.required?.includes(name) === true }]
  })
}

function flagTable(): string {
  const paths = new Map(
    loadOptions(Object.fromEntries(Object.keys(configFlags).map((name) => [name, 'any']))).flags?.map((flag) => [
      flag.name,
      flag.path,
    ]),
  )
  const rows = Object.entries(configFlags).map(([name, flag]) => {
    const value = 'valueHint' in flag ? ` ${flag.valueHint}` : ''
    const alias = 'alias' in flag ? `, \`-${flag.alias}${value}\`` : ''
    const path = paths.get(`--${name}`)
    return [`\`--${name}${value}\`${alias}`, path ? `\`${path}\`` : '', flag.description]
  })
  return table(['Flag', 'Key', 'Meaning'], rows)
}

function keyTable(settings: readonly Setting[], schema: Node): string {
  const rows = settings.map(({ path, variable, description, fallback, notes }) => {
    const flat = (notes.environment ?? []).map(({ name, divisor }) => `\`${name}\`${divisor === 1000 ? ' (ms)' : ''}`)
    const text = notes.secret ? `${description} Secret.` : description
    const type = typeOf(nodeAt(schema, path))
    return [
      `\`${path}\``,
      type,
      defaultOf(fallback),
      unitOf(path, description),
      [...flat, `\`${variable}\``].join(', '),
      text,
    ]
  })
  return table(['Key', 'Type', 'Default', 'Unit', 'Environment', 'Meaning'], rows)
}

function nodeAt(schema: Node, path: string): Node {
  return path.split('.').reduce<Node>((node, name) => node.properties?.[name] ?? {}, schema)
}

function typeOf(node: Node): string {
  if (node.const !== undefined) return `\`${node.const}\``
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ')
  const range = node.minimum === undefined ? '' : `, ${node.minimum} to ${node.maximum}`
  switch (node.type) {
    case 'integer':
      return `whole number${range}`
    case 'number':
      return `number${range}`
    case 'boolean':
      return 'true or false'
    case 'string':
      return 'text'
    case 'array':
      return `list of ${typeOf(node.items ?? {})}s`
    case 'object':
      return 'map of texts'
    default:
      throw new Error(`The page has no words for the type ${node.type}.`)
  }
}

function defaultOf(value: unknown): string {
  const json = JSON.stringify(value) ?? ''
  return ['', '[]', '{}'].includes(json) ? 'none' : `\`${json.replaceAll('"', '')}\``
}

/** By the name of the key where it ends with its unit, else by the first word of its description. */
function unitOf(path: string, description: string): string {
  const suffix = /_(ms|mb|minutes)$/.exec(path)?.[1]
  const word = suffix ?? /^(seconds|milliseconds|minutes)\b/i.exec(description)?.[1]?.toLowerCase()
  switch (word) {
    case 'ms':
    case 'milliseconds':
      return 'ms'
    case 'mb':
      return 'MB'
    case 'minutes':
      return 'minutes'
    case 'seconds':
      return 's'
    default:
      return ''
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

if (import.meta.main) await Bun.write(PAGE, configurationPage())
