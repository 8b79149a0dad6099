import { assistant, type Sample, sample, user } from './corpus.ts'
import {
  call,
  CLINE,
  filler,
  GUIDELINES,
  HOUSE,
  KILO,
  MCP,
  MODES,
  PLAN,
  prompt,
  type PromptParts,
  RENDER,
  ROO,
  RULES,
  type Style,
  type ToolText,
  USE,
} from './parts.ts'

const ROO_ROLES = {
  code: 'You are Roo, a highly skilled software engineer with extensive knowledge of languages and patterns.',
  ask: 'You are Roo, a knowledgeable technical assistant focused on answering questions about software.',
  architect: 'You are Roo, an experienced technical leader who is inquisitive and a good planner.',
  debug: 'You are Roo, an expert software debugger who finds causes in a systematic way.',
  writer: 'You are Roo, a technical writer who reviews and improves documentation of all kinds.',
}
const ENVIRONMENT = `<environment_details>
# VSCode Visible Files
src/app.ts

# Current Working Directory (/home/dev/shop) Files
src/
src/app.ts
package.json

# Current Mode
ACT MODE
</environment_details>`
const task = (text: string) => user(`<task>\n${text}\n</task>`, ENVIRONMENT)

const STYLES = Object.keys(RENDER) as Style[]
const USES = Object.keys(USE) as (keyof typeof USE)[]

/** Every way to say it with every way to define the tools. */
const everyWay = USES.flatMap((use, row) =>
  STYLES.map((style, column) => {
    const tools = [CLINE, ROO, KILO][(row + column) % 3]!
    return sample(`${use} with tools in style ${style}`, {
      system: prompt({ use, style, tools, rest: (row + column) % 2 === 0 ? [RULES] : [GUIDELINES, MCP, RULES] }),
      messages: [task('Add a dark mode to the settings page')],
    })
  }),
)

const versions: [name: string, parts: PromptParts][] = [
  ['cline 3.0', {}],
  ['cline 3.13, with plan mode', { rest: [GUIDELINES, PLAN, RULES] }],
  ['cline 3.25, with servers', { style: 'examples', rest: [MCP, GUIDELINES, PLAN, RULES] }],
  [
    'cline 3.30, compact',
    {
      who: 'You are Cline, a senior software engineer + precise task runner.',
      use: 'compact',
      style: 'dense',
      rest: [],
    },
  ],
  ['cline for GLM', { use: 'glm', style: 'compact', rest: [RULES] }],
  [
    'cline for Hermes',
    {
      who: 'You are a deep thinking AI; enclose your thoughts inside <think> </think> tags.\nYou are Cline, a highly skilled software engineer.',
      use: 'glm',
      style: 'compact',
      rest: [PLAN, RULES],
    },
  ],
  ['roo 3.0, code', { who: ROO_ROLES.code, use: 'cline', tools: ROO }],
  ['roo 3.20, ask', { who: ROO_ROLES.ask, use: 'roo', tools: ROO.slice(0, 5), rest: [GUIDELINES, MODES, RULES] }],
  [
    'roo 3.25, architect',
    { who: ROO_ROLES.architect, use: 'roo', tools: ROO, style: 'examples', rest: [MCP, MODES, RULES] },
  ],
  ['roo 3.30, debug', { who: ROO_ROLES.debug, use: 'roo', tools: ROO, rest: [GUIDELINES, MODES, RULES] }],
  ['roo, a mode of its own about documentation', { who: ROO_ROLES.writer, use: 'roo', tools: ROO, rest: [MODES] }],
  ['kilo', { who: 'You are Kilo Code, a highly skilled software engineer.', use: 'roo', tools: KILO }],
  [
    'kilo, bold',
    {
      who: 'You are Kilo Code, a highly skilled software engineer.',
      use: 'roo',
      tools: KILO,
      style: 'bold',
      rest: [GUIDELINES, MODES, RULES],
    },
  ],
  ['a fork with tools of its own', { who: 'You are Bosun, the engineer of this team.', tools: HOUSE }],
  [
    'a fork with tools of its own, plain',
    { who: 'You are Bosun.', use: 'plain', tools: HOUSE, style: 'headed', rest: [] },
  ],
  ['a mode with two tools', { who: ROO_ROLES.ask, use: 'roo', tools: [ROO[0]!, ROO[10]!], rest: [] }],
]

const long: Sample[] = [50, 100, 200].flatMap((kilobytes) => [
  sample(`cline, ${kilobytes} KB`, {
    system: prompt({ rest: [GUIDELINES, MCP, RULES, filler(kilobytes)] }),
    messages: [task('Explain src/app.ts')],
  }),
  sample(`roo, ${kilobytes} KB in front of the tools`, {
    system: `${filler(kilobytes)}\n\n${prompt({ who: ROO_ROLES.code, use: 'roo', tools: ROO, rest: [MODES] })}`,
    messages: [task('Fix the failing test')],
  }),
])

const places: Sample[] = [
  sample('in two parts of the system prompt', {
    system: [prompt(), "USER'S CUSTOM INSTRUCTIONS\n\nPrefer TypeScript."],
    messages: [task('hi')],
  }),
  sample('in the first message of the user', { messages: [`${prompt()}\n\n<task>\nAdd tests\n</task>`] }),
  sample('in the first message of the user, in parts', {
    messages: [
      user(
        prompt({ who: ROO_ROLES.code, use: 'roo', tools: ROO }),
        '<task>What does this project do?</task>',
        ENVIRONMENT,
      ),
    ],
  }),
  sample('in the first message of the user, compact', {
    messages: [prompt({ use: 'compact', style: 'dense', rest: [] }), assistant('Which folder?'), 'src'],
  }),
  sample('in the first message, behind another system prompt', {
    system: 'You are a helpful assistant.',
    messages: [`${prompt({ use: 'glm', style: 'compact' })}\n\nTask: rename the module`],
  }),
  sample('in a system message of the conversation', {
    messages: [
      { role: 'system', content: [{ type: 'text', text: prompt({ tools: KILO, use: 'roo' }) }] },
      task('hello'),
    ],
  }),
]

const fewTools = (tools: ToolText[], say: string) =>
  `You are Roo.\n\n${say}\n\n# Tools\n\n${tools.map(RENDER.classic).join('\n\n')}`
const unusual: Sample[] = [
  sample('a guide with code in a fence', {
    system: prompt({
      rest: [
        `# Creating an MCP Server\n\n\`\`\`typescript\nimport { Server } from 'x'\nimport axios from 'axios'\nconst API = \`\${base} \${path}\`\nexport const z = 1\nfunction a() {\n  return \`\${b}\`\n}\n\`\`\``,
        RULES,
      ],
    }),
  }),
  sample('the task in front of the tools', {
    messages: [
      `<task>\nExplain this file\n</task>\n\n${USE.cline}\n\n# Tools\n\n${CLINE.map(RENDER.classic).join('\n\n')}`,
    ],
  }),
  sample('a wish in front of the tools', {
    messages: [
      `User request: explain the code in main.ts\n\n${USE.cline}\n\n# Tools\n\n${CLINE.map(RENDER.classic).join('\n\n')}`,
    ],
  }),
  sample('a question about code behind the tools', {
    messages: [`${USE.roo}\n\n# Tools\n\n${ROO.map(RENDER.classic).join('\n\n')}\n\nWhat does the code above do?`],
  }),
  sample('one tool', { system: `You are Cline.\n\n${USE.cline}\n\n# Tools\n\n${RENDER.classic(CLINE[1]!)}` }),
  sample('two tools and one sentence', {
    system: fewTools([ROO[13]!, ROO[10]!], 'Tool uses are formatted using XML-style tags.'),
  }),
  sample('three tools and one sentence', {
    system: fewTools(CLINE.slice(0, 3), 'Put each tool call into XML tags, as shown.'),
  }),
]

const talk = (count: number, tools = CLINE) =>
  Array.from({ length: count }, (_, index) => {
    const tool = tools[index % tools.length]!
    return [
      assistant(`<thinking>I need ${tool.name} now.</thinking>\n\n${call(tool)}`),
      user(
        `[${tool.name} for 'src/app.ts'] Result:`,
        `import x from './x'\nexport const page = <html><body><h1>${index}</h1></body></html>`,
        ENVIRONMENT,
      ),
    ]
  }).flat()

const conversations: Sample[] = [
  sample('cline after three calls', { system: prompt(), messages: [task('Fix it'), ...talk(3)] }),
  sample('cline after forty calls', { system: prompt({ rest: [RULES] }), messages: [task('Fix it'), ...talk(40)] }),
  sample('roo after two calls', {
    system: prompt({ who: ROO_ROLES.code, use: 'roo', tools: ROO }),
    messages: [task('Why is it slow?'), ...talk(2, ROO)],
  }),
  sample('compact, after a call', {
    system: prompt({ use: 'compact', style: 'dense', rest: [] }),
    messages: [task('go on'), ...talk(1)],
  }),
  sample('the tools in the first message, after five calls', {
    messages: [`${prompt({ who: ROO_ROLES.debug, use: 'roo', tools: ROO })}\n\n<task>debug</task>`, ...talk(5, ROO)],
  }),
]

const tasks: Sample[] = [
  [
    'a question about XML',
    'How do I parse a pom.xml with namespaces in Python? Here it is:\n<project><modelVersion>4.0.0</modelVersion><dependencies><dependency><groupId>a</groupId></dependency></dependencies></project>',
  ],
  [
    'a file with an example of a call',
    'What does this file do?\n<file_content path="doc.md">\nUse it so:\n```xml\n<read_file><path>a</path></read_file>\n```\n</file_content>',
  ],
  ['a wish to explain', 'Explain the following code: `const a = <div>hi</div>`'],
  ['markup without an end', `Look: ${'<div><p>'.repeat(500)}`],
].map(([name = '', text = '']) =>
  sample(`cline, asked with ${name}`, { system: prompt({ style: 'examples' }), messages: [task(text)] }),
)

const endings: Sample[] = [
  sample('line ends of Windows', {
    system: prompt({ who: ROO_ROLES.code, use: 'roo', tools: ROO }).replaceAll('\n', '\r\n'),
    messages: [task('hi')],
  }),
  sample('an open code fence in the rules', {
    system: prompt({ rest: [RULES, '```ts\nconst open = 1'] }),
    messages: [task('hi')],
  }),
  sample('an open code fence in front', { system: `\`\`\`\n${prompt()}`, messages: [task('hi')] }),
]

export const POSITIVES: Sample[] = [
  ...everyWay,
  ...versions.map(([name, parts]) =>
    sample(name, { system: prompt(parts), messages: [task('Make the build faster')] }),
  ),
  ...long,
  ...places,
  ...unusual,
  ...conversations,
  ...tasks,
  ...endings,
]
