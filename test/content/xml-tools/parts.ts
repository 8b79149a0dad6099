// Parts of system prompts in the manner of Cline, Roo Code and Kilo Code, of several of their versions.

export type Param = { name: string; about: string; example: string; optional?: boolean; children?: Param[] }
export type ToolText = { name: string; about: string; params: Param[] }

const param = (name: string, about: string, example: string, optional = false): Param => ({
  name,
  about,
  example,
  optional,
})

const path = (of: string) =>
  param('path', `The path of the ${of} (relative to the working directory /home/dev/shop)`, 'src/app.ts')

export const CLINE: ToolText[] = [
  {
    name: 'execute_command',
    about:
      'Runs a CLI command on the system, for operations or to reach any step of the task. Fit it to the shell of the user.',
    params: [
      param(
        'command',
        'The command to run. It must be valid for the operating system and free of harmful instructions.',
        'npm run build',
      ),
      param('requires_approval', 'Whether the command needs explicit approval because it may do harm', 'false'),
    ],
  },
  {
    name: 'read_file',
    about: 'Reads the contents of a file at the given path. Binary files may not be suitable.',
    params: [path('file')],
  },
  {
    name: 'write_to_file',
    about: 'Writes content to a file. An existing file is overwritten; missing folders are made.',
    params: [path('file'), param('content', 'The COMPLETE content, without any truncation', 'export const one = 1\n')],
  },
  {
    name: 'replace_in_file',
    about: 'Replaces sections of an existing file by SEARCH/REPLACE blocks that say exactly what changes.',
    params: [
      path('file'),
      param('diff', 'One or more SEARCH/REPLACE blocks', '------- SEARCH\nold\n=======\nnew\n+++++++ REPLACE'),
    ],
  },
  {
    name: 'search_files',
    about: 'Searches the files of a directory with a regular expression and shows each match in its context.',
    params: [
      path('directory'),
      param('regex', 'The pattern, in Rust syntax', 'TODO'),
      param('file_pattern', 'Glob of files', '*.ts', true),
    ],
  },
  {
    name: 'list_files',
    about: 'Lists files and directories. Do not use it to confirm files that you have made.',
    params: [path('directory'), param('recursive', 'Whether to go into subdirectories', 'true', true)],
  },
  {
    name: 'list_code_definition_names',
    about: 'Lists classes, functions and methods at the top level of a directory.',
    params: [path('directory')],
  },
  {
    name: 'use_mcp_tool',
    about: 'Uses a tool that a connected MCP server provides. Such tools have input schemas of their own.',
    params: [
      param('server_name', 'The name of the MCP server', 'weather'),
      param('tool_name', 'The name of the tool', 'get_forecast'),
      param('arguments', 'A JSON object with the parameters of the tool', '{ "city": "Oslo" }'),
    ],
  },
  {
    name: 'ask_followup_question',
    about: 'Asks the user for details that are missing. Use it sparingly.',
    params: [
      param('question', 'A clear, specific question', 'Which port?'),
      param('options', '2-5 answers to choose from', '["80","443"]', true),
    ],
  },
  {
    name: 'attempt_completion',
    about: 'Presents the result when everything is done and confirmed by the user.',
    params: [
      param('result', 'The result, final, without a question', 'The build works now.'),
      param('command', 'A command that shows it', 'npm start', true),
    ],
  },
  {
    name: 'new_task',
    about: 'Makes a new task with a summary of the work so far.',
    params: [param('context', 'The context to begin with', 'Current work: ...')],
  },
  {
    name: 'plan_mode_respond',
    about: 'Answers the user in PLAN MODE; only there.',
    params: [param('response', 'The answer', 'I would first ...')],
  },
]

export const ROO: ToolText[] = [
  {
    name: 'read_file',
    about: 'Reads one or more files and shows them with line numbers, which is handy for diffs. At most 5 at once.',
    params: [
      {
        name: 'args',
        about: 'One or more file elements',
        example: '',
        children: [{ name: 'file', about: 'A file', example: '', children: [path('file')] }],
      },
    ],
  },
  {
    name: 'fetch_instructions',
    about: 'Fetches instructions for a task.',
    params: [param('task', 'One of create_mcp_server, create_mode', 'create_mode')],
  },
  CLINE[4]!,
  CLINE[5]!,
  CLINE[6]!,
  {
    name: 'apply_diff',
    about: 'Applies exact, surgical changes to one file. The SEARCH section must match what is there, with its spaces.',
    params: [
      path('file'),
      param('diff', 'The blocks', '<<<<<<< SEARCH\n:start_line:1\n-------\na\n=======\nb\n>>>>>>> REPLACE'),
    ],
  },
  {
    name: 'write_to_file',
    about: 'Writes the full content of a file.',
    params: [
      path('file'),
      param('content', 'The complete content', 'const a = 1'),
      param('line_count', 'The number of its lines', '1'),
    ],
  },
  {
    name: 'insert_content',
    about: 'Adds lines to a file without changing others.',
    params: [
      path('file'),
      param('line', 'Line to insert before; 0 appends', '0'),
      param('content', 'The lines', 'import x'),
    ],
  },
  {
    name: 'execute_command',
    about: 'Runs a command. Prefer relative paths, so that the terminal stays where it is.',
    params: [param('command', 'The command', 'npm test'), param('cwd', 'Working directory', '/home/dev', true)],
  },
  {
    name: 'ask_followup_question',
    about: 'Asks the user.',
    params: [
      param('question', 'The question', 'Which file?'),
      {
        name: 'follow_up',
        about: '2-4 suggestions',
        example: '',
        children: [param('suggest', 'An answer', './a.json')],
      },
    ],
  },
  {
    name: 'attempt_completion',
    about: 'Presents the result of the work.',
    params: [param('result', 'The result', 'Done: the CSS is new.')],
  },
  {
    name: 'switch_mode',
    about: 'Switches to another mode; the user has to approve.',
    params: [param('mode_slug', 'code, ask or architect', 'code'), param('reason', 'Why', 'to edit', true)],
  },
  {
    name: 'new_task',
    about: 'Starts a task in a mode.',
    params: [param('mode', 'The mode', 'code'), param('message', 'What to do', 'Write tests')],
  },
  {
    name: 'update_todo_list',
    about: 'Replaces the whole list of todos.',
    params: [param('todos', 'A Markdown checklist', '[x] one\n[-] two')],
  },
]

export const KILO: ToolText[] = [
  {
    name: 'edit_file',
    about: 'Edits a file by a sketch of the change, with comments in the place of what stays.',
    params: [
      param('target_file', 'The file to change', 'src/a.ts'),
      param('instructions', 'One sentence in the first person', 'I add a log line'),
      param('code_edit', 'The lines that change', '// ... existing code ...\nlog()'),
    ],
  },
  {
    name: 'codebase_search',
    about: 'Finds code by meaning.',
    params: [param('query', 'What to look for', 'login'), param('path', 'Where', 'src', true)],
  },
  {
    name: 'new_rule',
    about: 'Writes a rule file from the talk.',
    params: [path('rule'), param('content', 'Markdown', '# Rule')],
  },
  ...ROO.slice(2, 7),
  ...ROO.slice(8, 11),
]

/** Names that no list knows. */
export const HOUSE: ToolText[] = [
  {
    name: 'open_ticket',
    about: 'Opens a ticket in the tracker of the house.',
    params: [param('title', 'Its title', 'Login fails'), param('team', 'Who gets it', 'web', true)],
  },
  {
    name: 'query_warehouse',
    about: 'Runs a read-only query against the warehouse.',
    params: [param('sql', 'The query', 'select 1'), param('limit', 'Most rows', '10', true)],
  },
  {
    name: 'post_message',
    about: 'Posts to a channel.',
    params: [param('channel', 'The channel', '#ops'), param('text', 'What to say', 'hi')],
  },
  { name: 'finish', about: 'Ends the task.', params: [param('summary', 'What was done', 'All green')] },
]

function element({ name, example, children }: Param, indent = ''): string {
  if (!children) return `${indent}<${name}>${example}</${name}>`
  return `${indent}<${name}>\n${children.map((child) => element(child, `${indent}  `)).join('\n')}\n${indent}</${name}>`
}

export const call = ({ name, params }: ToolText) =>
  `<${name}>\n${params.map((one) => element(one)).join('\n')}\n</${name}>`

const listed = ({ name, about, optional }: Param) => `- ${name}: (${optional ? 'optional' : 'required'}) ${about}`

/** How a version writes a tool down. */
export const RENDER = {
  classic: (tool: ToolText) =>
    `## ${tool.name}\nDescription: ${tool.about}\nParameters:\n${tool.params.map(listed).join('\n')}\nUsage:\n${call(tool)}`,
  examples: (tool: ToolText) =>
    `## ${tool.name}\nDescription: ${tool.about}\nParameters:\n${tool.params.map(listed).join('\n')}\nUsage:\n${call(tool)}\n\nExample: Requesting to use ${tool.name}\n${call(tool)}`,
  bold: (tool: ToolText) =>
    `## ${tool.name}\n\n**Description**: ${tool.about}\n\n**Parameters**:\n${tool.params.map(listed).join('\n')}\n\n**Usage**:\n${call(tool)}`,
  compact: (tool: ToolText, index: number) =>
    `**${tool.name}** — ${tool.about}\nParams: ${tool.params.map((one) => one.name).join(', ')}.${index % 2 === 0 ? `\n*Example:*\n${call(tool)}` : ''}`,
  dense: (tool: ToolText) =>
    `**${tool.name}** — ${tool.about} Param: ${tool.params.map((one) => one.name).join(', ')}.  \n*Example:* ${call(tool).replaceAll('\n', '')}`,
  headed: (tool: ToolText) =>
    `### Tool: ${tool.name}\n${tool.about}\n\nArguments:\n${tool.params.map((one) => `* \`${one.name}\` - ${one.about}`).join('\n')}\n\nFormat:\n${call(tool)}`,
  numbered: (tool: ToolText, index: number) =>
    `${index + 1}. ${tool.name}: ${tool.about}\n   Parameters: ${tool.params.map((one) => one.name).join(', ')}\n${call(tool)}`,
} satisfies Record<string, (tool: ToolText, index: number) => string>

export type Style = keyof typeof RENDER

/** The section that says how tools are used. */
export const USE = {
  cline: `TOOL USE

You have access to a set of tools that are executed upon the user's approval. You can use one tool per message, and get the result of that tool use in the user's response. You work step by step, each tool use informed by the result of the one before.

# Tool Use Formatting

Tool use is formatted using XML-style tags. The tool name is enclosed in opening and closing tags, and each parameter is likewise enclosed within its own set of tags. Here is the structure:

<tool_name>
<parameter1_name>value1</parameter1_name>
<parameter2_name>value2</parameter2_name>
...
</tool_name>

For example:

<read_file>
<path>src/main.js</path>
</read_file>

Always keep to this format for the tool use, so that it can be parsed and executed.`,
  roo: `TOOL USE

You have access to a set of tools that are executed upon the user's approval. You must use exactly one tool per message, and every assistant message must include a tool call.

# Tool Use Formatting

Tool uses are formatted using XML-style tags. The tool name itself becomes the XML tag name. Each parameter is enclosed within its own set of tags. The structure:

<actual_tool_name>
<parameter1_name>value1</parameter1_name>
<parameter2_name>value2</parameter2_name>
...
</actual_tool_name>

Always use the actual tool name as the XML tag name for proper parsing and execution.`,
  compact: `## GLOBAL RULES
- One tool per message; wait for the result. Never assume outcomes.
- Exact XML tags for tool + params.
- Prefer list/search/read tools over asking.`,
  glm: `Tool invocation policy: Invoke tools only in assistant messages; they do not run inside reasoning blocks. Place all tool XML blocks in assistant messages to execute them.

## TOOL USE

You have access to a set of tools. One tool may be used per message, results come back in the user message. Malformed XML breaks editing.`,
  plain: `You can use the tools below, one at a time. To use a tool, write its name as an XML tag and put every parameter into a tag of its own, then stop and wait for the result.`,
  strict: `# Tools

Answer with exactly one tool invocation. Each tool invocation must be written as XML: the outer tag is the name of the tool, its parameters are nested tags. Anything outside the tags is shown to the user.`,
} satisfies Record<string, string>

export const GUIDELINES = `# Tool Use Guidelines

1. In <thinking> tags, say what you know and what you still need.
2. Choose the most fitting tool by the descriptions above.
3. If several actions are needed, use one tool at a time per message.
4. Formulate your tool use using the XML format specified for each tool.
5. After each tool use the user answers with its result: success or failure, linter errors, new terminal output.
6. ALWAYS wait for the user's confirmation after each tool use before you go on.`

export const RULES = `====

RULES

- Your working directory is: /home/dev/shop. You cannot \`cd\` into another one.
- Do not use the ~ character or $HOME for the home directory.
- Before execute_command, think about the SYSTEM INFORMATION given.
- When you use search_files, craft the pattern with care.
- You are STRICTLY FORBIDDEN from starting a message with "Great", "Certainly", "Okay", "Sure".
- At the end of each user message you get environment_details; it is not written by the user.

====

SYSTEM INFORMATION

Operating System: Linux 6.8
Default Shell: /bin/bash
Home Directory: /home/dev

====

OBJECTIVE

You accomplish a task step by step, breaking it into clear goals.`

export const MCP = `====

MCP SERVERS

# Connected MCP Servers

## weather (\`node /opt/weather/index.js\`)

### Available Tools
- get_forecast: The forecast for a city
    Input Schema:
    {
      "type": "object",
      "properties": { "city": { "type": "string" }, "days": { "type": "number" } },
      "required": ["city"]
    }

### Direct Resources
- weather://oslo/current (Oslo now): The weather at this moment`

export const MODES = `====

MODES

- These are the modes at hand:
  * "Code" mode (code) - You are a skilled software engineer
  * "Architect" mode (architect) - You plan before anything is built
  * "Ask" mode (ask) - You answer questions
If the user asks you to create a mode, read the instructions with:
<fetch_instructions>
<task>create_mode</task>
</fetch_instructions>`

export const PLAN = `====

ACT MODE V.S. PLAN MODE

In each user message the environment_details name the mode.
- ACT MODE: all tools but plan_mode_respond.
- PLAN MODE: here you talk with the user by plan_mode_respond.`

/** Documentation of a project, as rules files and memory banks bring it in: about so many kilobytes. */
export function filler(kilobytes: number, fenced = true): string {
  const parts: string[] = ["====\n\nUSER'S CUSTOM INSTRUCTIONS\n"]
  for (let size = 0, index = 0; size < kilobytes * 1024; index += 1) {
    const code = `export function step${index}(order: Order<Item>): number {\n  return order.items.length * ${index}\n}`
    const part = `## Module ${index}\n\nThe module ${index} keeps orders of kind ${index % 7}. It asks the store first, then the queue; see src/m${index}.ts for the details. Keep functions short, name things in full.\n\n${fenced ? `\`\`\`ts\n${code}\n\`\`\`` : ''}\n`
    parts.push(part)
    size += part.length
  }
  return parts.join('\n')
}

export type PromptParts = { who?: string; use?: keyof typeof USE; tools?: ToolText[]; style?: Style; rest?: string[] }

/** A whole system prompt. */
export function prompt({
  who = 'You are Cline, a highly skilled software engineer with knowledge of many languages and practices.',
  use = 'cline',
  tools = CLINE,
  style = 'classic',
  rest = [GUIDELINES, RULES],
}: PromptParts = {}): string {
  const render: (tool: ToolText, index: number) => string = RENDER[style]
  return [who, '====', USE[use], '# Tools', ...tools.map(render), ...rest].join('\n\n')
}
