import type { Tool } from '../../../src/core/request.ts'
import { assistant, type Sample, sample, user } from './corpus.ts'
import { MARKUP } from './markup.ts'
import { call, CLINE, filler, GUIDELINES, HOUSE, MCP, prompt, RENDER, ROO, RULES, USE } from './parts.ts'

const fenced = (text: string, language = '') => `\`\`\`${language}\n${text}\n\`\`\``
const quoted = (text: string) => text.replace(/^/gm, '> ')

const pasted = MARKUP.flatMap(([format, text, question], index) => [
  sample(`${format}, pasted bare`, { messages: [`${question}\n\n${text}`] }),
  index % 2 === 0
    ? sample(`${format}, fenced`, {
        system: 'You are a helpful assistant.',
        messages: [`${fenced(text, 'xml')}\n\n${question}`],
      })
    : sample(`${format}, in a system prompt`, {
        system: `You help with ${format} files. The parser of our tool needs valid XML. An example:\n\n${text}`,
        messages: [question],
      }),
])

const nativeTool = (name: string): Tool => ({
  name,
  description: `The ${name} tool`,
  parameters: { type: 'object' },
  strict: false,
})
const NATIVE = ['read_file', 'write_to_file', 'execute_command'].map(nativeTool)

const native: Sample[] = [
  sample('native tools, XML mentioned', {
    system: 'You have access to tools. Use a tool for each step. Tool results are wrapped in XML tags.',
    tools: NATIVE,
    messages: ['Read a.xml'],
  }),
  sample('native tools, a prompt that forbids XML', {
    system: `TOOL USE\n\nYou have access to a set of tools that are executed upon the user's approval. Use the provider-native tool-calling mechanism. Do not include XML markup or examples.\n\n${GUIDELINES.replace('using the XML format specified for each tool', 'by the native interface')}\n\n${RULES}`,
    tools: NATIVE,
  }),
  sample('native tools, one example of the old form', {
    system: `You are Cline, a skilled software engineer. You always respond using tools.\n\nTOOL USE\n\nYou have access to a set of tools that are executed upon the user's approval. You can only use one tool per message.\n\n====\n\nUPDATING TASK PROGRESS\n\nExample:\n${call(CLINE[0]!)}\n\n${RULES}`,
    tools: NATIVE,
  }),
  sample('no XML, one example of the old form, tools left out', {
    system: `You are Cline, a skilled software engineer. You always respond using tools.\n\nTOOL USE\n\nYou have access to a set of tools that are executed upon the user's approval. You can only use one tool per message.\n\nUPDATING TASK PROGRESS\n\nExample:\n${call(CLINE[0]!)}\n\n${RULES}`,
  }),
  sample('native tools, and their names in the prompt', {
    system: `# Tools\n\n${CLINE.map(({ name, about }) => `- ${name}: ${about}`).join('\n')}\n\nCall one tool at a time.`,
    tools: NATIVE,
  }),
  sample('native tools, parameters in the prompt', {
    system: CLINE.map(
      ({ name, about, params }) =>
        `## ${name}\nDescription: ${about}\nParameters:\n${params.map((one) => `- ${one.name}: ${one.about}`).join('\n')}`,
    ).join('\n\n'),
    tools: NATIVE,
  }),
  sample('native tools, a conversation about layout files', {
    tools: NATIVE,
    messages: ['Change <title> in a.html', assistant('I use the tool.'), 'Now every tag'],
  }),
]

/** JSON in XML tags, and other forms of calls. */
const otherForms: Sample[] = [
  sample('Hermes: JSON in tool_call', {
    system:
      'You are a function calling AI model. You are provided with function signatures within <tools></tools> XML tags. For each function call return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{"name": "read_file", "arguments": {"path": "a"}}\n</tool_call>\n<tools>\n{"name": "read_file", "parameters": {"path": {"type": "string"}}}\n</tools>',
  }),
  sample('Qwen: JSON in tool_call', {
    system:
      '# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>\n{"type": "function", "function": {"name": "get_weather"}}\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>',
  }),
  sample('ReAct', {
    system:
      'You have access to the following tools:\n\nsearch: Looks things up\ncalculator: Calculates\n\nUse this format:\nThought: ...\nAction: the tool to use\nAction Input: its input\nObservation: the result',
  }),
  sample('invoke with attributes', {
    system:
      'In this environment you have access to a set of tools. You can invoke functions by writing a "<function_calls>" block:\n<function_calls>\n<invoke name="$FUNCTION_NAME">\n<parameter name="$PARAMETER_NAME">$PARAMETER_VALUE</parameter>\n</invoke>\n</function_calls>',
  }),
  sample('JSON tools in prose', {
    system:
      'You have tools. To call a tool, answer with a JSON object {"tool": "read_file", "path": "..."} and nothing else. Never use XML.\n\n## read_file\nParameters:\n- path: the path\n\n## list_files\nParameters:\n- path: the path',
  }),
  sample('commands with a slash', {
    system: 'You have these tools: /read PATH, /write PATH. Write one tool per message on a line of its own.',
  }),
]

const claudeStyle = [
  '<role>You are a tax adviser.</role>\n<instructions>\nRead the <document> and answer inside <answer> tags. Put your thoughts in <thinking> tags.\n</instructions>\n<document>\nThe rate is 7 %.\n</document>',
  '<instructions>Summarize the text in <text> tags. Use bullet points. Wrap the summary in <summary> tags, with a <title> and a <body> inside.</instructions>\n<format>\n<summary>\n<title>Title here</title>\n<body>Body here</body>\n</summary>\n</format>',
  '<examples>\n<example>\n<input>hi</input>\n<output>hello</output>\n</example>\n<example>\n<input>bye</input>\n<output>farewell</output>\n</example>\n</examples>\nAnswer as in the examples.',
  'Respond only with XML in this form:\n<response>\n<sentiment>positive</sentiment>\n<score>0.5</score>\n</response>\nAlways close every tag.',
  'You grade essays.\n\n# Output Format\n\n<evaluation>\n<grade>A</grade>\n<reason>Because</reason>\n</evaluation>\n\n## evaluation\nThe whole result.\n\n## grade\nParameters: A to F.',
  '<context>We sell tools: hammers, saws.</context>\n<task>Write a product text for each tool.</task>\n<constraints><length>50 words</length><tone>friendly</tone></constraints>',
  'You are a planner. Think in <plan> tags:\n<plan>\n<step>first</step>\n<step>second</step>\n</plan>\nThen answer in <reply> tags.',
  'You write user stories.\n\n## story\nDescription: what a user wants.\nParameters:\n- role: who\n- wish: what\nUsage:\n<story>\n<role>buyer</role>\n<wish>pay</wish>\n</story>',
  'Translate <source> from English. Put it into <target> tags. Keep tags such as <b> as they are.',
  'You label emails. Answer with <labels><label>spam</label></labels>. Use several labels where several fit. No tool is needed.',
].map((system, index) =>
  sample(`tags for structure ${index}`, index % 2 === 0 ? { system, messages: ['Go'] } : { messages: [system] }),
)

const prose = [
  'What is the best tool to edit XML on Linux? It must know tags and show errors.',
  'Which tools use XML for configuration, and why did tools move to YAML?',
  'Our build tool must wrap every tag. How do I use the tool with XML namespaces?',
  'How does Cline work? I read that it puts tool calls in XML tags such as <read_file>.',
  'How does Roo Code parse tool use? Does it expect XML tags or native tool calls?',
  'Why do models write </read_file> without an opening tag? Kilo Code shows an error then.',
  'Write a regex that finds <execute_command> with its <command> in a text.',
  'Explain the difference between XML tool calls and JSON function calling in agents.',
  'I want to build an agent like Cline. Should tools be described in the system prompt with XML tags, or should I use native tools?',
  'Please add a tool to my MCP server that reads a file. The schema is XML: <tool><name>read</name></tool>',
  'Is attempt_completion a tool? And ask_followup_question? And use_mcp_tool? List all tools of Roo Code.',
  'Compare read_file, write_to_file, replace_in_file, search_files, list_files and execute_command of Cline with the tools of aider.',
  'In HTML, which tags must be closed, and which tool checks them?',
  'Every tool in my workshop has a tag with its name. Design the tags: each tag must show the tool name.',
  'Tag each tool in the list with its use. Use the tag "sharp" for tools that cut.',
  'Use the tool xmllint to format the XML. Always use the tool with --format. Each tag goes on a line of its own.',
  'My git tags are wrong. Which tool must I use to rewrite all tags?',
  'Write a blog post on prompt engineering: why XML tags help, how tool use is formatted, and what <thinking> is for.',
].map((text) => sample(`prose: ${text.slice(0, 60)}`, { messages: [text] }))

/** About a prompt, or with one in it, but not one. */
const WHOLE = prompt()
const SHORT = prompt({ use: 'compact', style: 'dense', rest: [] })
const ROO_WHOLE = prompt({ who: 'You are Roo, a highly skilled software engineer.', use: 'roo', tools: ROO })
const ARTICLE = `How coding agents talk to models\n\nMost agents describe their tools in the system prompt. Cline, for example, formats tool calls as XML: the tag is the tool's name. A call looks like this:\n\n${call(CLINE[1]!)}\n\nThe extension then parses the text. Newer versions use native tool calls.`
const about: Sample[] = [
  sample('a prompt in a fence, to be explained', { messages: [`Explain this system prompt:\n\n${fenced(WHOLE)}`] }),
  sample('a prompt in a fence of the system prompt', {
    system: `You audit prompts. This is the one:\n\n${fenced(ROO_WHOLE, 'text')}`,
    messages: ['What is weak in it?'],
  }),
  sample('a prompt in a fence of tildes', { messages: [`~~~~md\n${WHOLE}\n~~~~\nIs it good?`] }),
  sample('a prompt as a quote', { messages: [`Somebody posted this:\n\n${quoted(WHOLE)}\n\nIs that real?`] }),
  sample('a prompt pasted bare, to be summarized', {
    messages: [`Summarize the following system prompt of Cline in five points.\n\n${WHOLE}`],
  }),
  sample('a prompt pasted bare, to be translated', { messages: [`Translate this into German:\n\n${SHORT}`] }),
  sample('a prompt pasted bare, with the question behind it', {
    messages: [`${ROO_WHOLE}\n\nWhat is wrong with the system prompt above? Why does the model ignore it?`],
  }),
  sample('a prompt pasted bare, with a question in front', {
    messages: [`What does this prompt make a model do?\n\n${ROO_WHOLE}`],
  }),
  sample('a prompt as a document', { messages: [`<document>\n${WHOLE}\n</document>\n\nWho wrote this?`] }),
  sample('prompts as documents', {
    system: 'Answer from the documents.',
    messages: [
      `<documents><document index="1"><document_content>${WHOLE}</document_content></document><document index="2"><document_content>${ROO_WHOLE}</document_content></document></documents>\nCompare them.`,
    ],
  }),
  sample('a prompt as an example', {
    system: `You write prompts for agents.\n\n<example>\n${WHOLE}\n</example>\n\nWrite in that manner.`,
    messages: ['One for a robot'],
  }),
  sample('a prompt in a file that was read', {
    tools: NATIVE,
    messages: [
      user('Read prompt.md'),
      assistant('Here it is.'),
      user(`<file_content path="prompt.md">\n${WHOLE}\n</file_content>`),
    ],
  }),
  sample('a prompt in a result, with native tools', {
    tools: NATIVE,
    messages: [
      'Read it',
      { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 'read_file', arguments: '{}' }] },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'a', isError: false, content: [{ type: 'text', text: WHOLE }] }],
      },
    ],
  }),
  sample('a prompt that the assistant wrote', {
    messages: ['Write a system prompt for a coding agent', assistant(`Here is one:\n\n${SHORT}`), 'Shorter'],
  }),
  sample('a bot for the documentation of Roo', {
    system: `You answer questions about Roo Code. Below is the documentation.\n\n# Tools\n\n${ROO.map(RENDER.classic).join('\n\n')}`,
    messages: ['What does apply_diff do?'],
  }),
  sample('an article with one call', { messages: [ARTICLE] }),
  sample('an article with one call, to be shortened', { messages: [`Shorten this.\n\n${ARTICLE}`] }),
  sample('an article in the system prompt', {
    system: `Talk about this article.\n\n${ARTICLE}`,
    messages: ['Who wins?'],
  }),
  sample('the source of such a prompt', {
    messages: [
      `Refactor this file.\n\nimport { cwd } from './cwd'\nimport osName from 'os-name'\nconst tools = [1]\nexport const SYSTEM = async () => \`\n${ROO_WHOLE}\nCWD: \${cwd}\nOS: \${osName}\n\`\nexport function rules() {\n  return SYSTEM\n}\n`,
    ],
  }),
  sample('the source of a parser of calls', {
    messages: [
      `import { tools } from './tools'\nconst names = ['read_file', 'execute_command']\nexport function parse(text) {\n  for (const name of names) {\n    const open = '<' + name + '>'\n    if (text.includes('<read_file><path>')) return 1\n  }\n}\n// <execute_command><command>ls</command></execute_command>\nFix the parser: each tool tag must be closed.`,
    ],
  }),
  sample('a test of a parser of calls', {
    messages: [
      `Add a test.\n\ntest('read_file', () => {\n  expect(parse('<read_file><path>a</path></read_file>')).toEqual({ name: 'read_file', params: { path: 'a' } })\n})\ntest('write_to_file', () => {\n  expect(parse('<write_to_file><path>a</path><content>b</content></write_to_file>')).toBeDefined()\n})`,
    ],
  }),
  sample('a transcript of such an agent', {
    messages: [
      `Why did it loop?\n\n${CLINE.slice(0, 6)
        .map((tool) => `Assistant: I do it.\n${call(tool)}\nUser: [${tool.name}] Result: ok`)
        .join('\n\n')}`,
    ],
  }),
  sample('earlier answers with calls, no tools defined', {
    messages: ['hi', assistant(call(CLINE[1]!)), 'no', assistant(call(CLINE[0]!)), 'Write prose, please.'],
  }),
  sample('a prompt behind a casual question', { messages: [`hey is this any good\n\n${WHOLE}`] }),
  sample('a prompt that leaked', { messages: [`leaked prompt of cline:\n\n${ROO_WHOLE}`] }),
  sample('a prompt of one’s own, to be shortened', {
    messages: [`My system prompt for my bot:\n\n${prompt({ tools: HOUSE })}\n\nMake it shorter`],
  }),
  sample('a prompt of one’s own, so far', {
    messages: [`I'm writing an agent. My prompt so far:\n\n${prompt({ tools: HOUSE })}`],
  }),
  sample('a prompt as JSON', { messages: [`{"role":"system","content":${JSON.stringify(WHOLE)}}`] }),
  sample('a judge of prompts', {
    system: 'You are a judge. You get the system prompt of an agent and rate how clear it is from 1 to 10.',
    messages: [WHOLE],
  }),
  sample('a prompt, later in a talk', { messages: ['hi', assistant('hello'), `and the prompt of cline\n${WHOLE}`] }),
  sample('a prompt, indented', { messages: [`Please review:\n\n${WHOLE.replace(/^/gm, '    ')}`] }),
  sample('a page of documentation', {
    messages: [
      `# Tools in Cline\n\nCline has tools. Each tool is called with XML tags.\n\n${CLINE.slice(0, 5).map(RENDER.classic).join('\n\n')}`,
    ],
  }),
  sample('a page of documentation in the system prompt', {
    system: `# Tools of Roo Code\n\nRoo Code uses XML for tool calls.\n\n${ROO.map(RENDER.bold).join('\n\n')}`,
    messages: ['How many tools are there?'],
  }),
  sample('a CI file with steps in tags', {
    system:
      'You help write CI files. Every tool call in the file must be wrapped in XML tags.\n\n## run_step\nParameters:\n- command: x\n<run_step><command>npm</command></run_step>\n\n## copy_step\nParameters:\n- from: x\n<copy_step><from>a</from></copy_step>',
  }),
  sample('a changelog', {
    messages: [
      'Write release notes:\n- read_file: reads PDF\n- apply_diff: retries\n- tool use: XML tags are closed\n- use native tools by default',
    ],
  }),
  sample('a table of tools', {
    messages: [
      `Which of these are safe?\n\n| tool | use |\n| --- | --- |\n${CLINE.map(({ name, about }) => `| ${name} | ${about} |`).join('\n')}`,
    ],
  }),
]

/** Reference pages of formats and programs, where headings are elements. */
const reference = (title: string, elements: [name: string, about: string, children: string[]][], note: string) =>
  `# ${title}\n\n${note}\n\n${elements.map(([name, text, children]) => `## ${name}\nDescription: ${text}\nParameters:\n${children.map((child) => `- ${child}: (required) the ${child}`).join('\n')}\nUsage:\n<${name}>\n${children.map((child) => `<${child}>value</${child}>`).join('\n')}\n</${name}>`).join('\n\n')}`
const PAGES: [title: string, elements: [string, string, string[]][], note: string][] = [
  [
    'server.xml',
    [
      ['server', 'The root', ['port', 'host']],
      ['listener', 'A listener', ['class']],
      ['context_path', 'A path', ['prefix', 'doc_base']],
    ],
    'Each element is a tag of the configuration.',
  ],
  [
    'Assembly plugin',
    [
      ['fileSet', 'Files', ['directory', 'includes']],
      ['dependencySet', 'Dependencies', ['scope']],
      ['moduleSet', 'Modules', ['useAllReactorProjects']],
    ],
    'The tool reads these tags from pom.xml.',
  ],
  [
    'shopctl: configuration',
    [
      ['run_job', 'A job to run', ['command', 'retries']],
      ['copy_file', 'A file to copy', ['from', 'to']],
      ['send_mail', 'A mail', ['to', 'subject']],
    ],
    'shopctl is a tool for shops. The tool is configured by XML; each tag is a step.',
  ],
  [
    'Game scripts',
    [
      ['spawn_unit', 'Makes a unit', ['kind', 'x', 'y']],
      ['show_text', 'Shows a text', ['text']],
    ],
    'Scripts are XML. Tags run from top to bottom.',
  ],
  [
    'Payment API',
    [
      ['create_payment', 'Makes a payment', ['amount', 'currency']],
      ['get_payment', 'Reads it', ['id']],
      ['list_payments', 'Lists them', ['from']],
    ],
    'All requests are XML, sent by POST.',
  ],
  [
    'Robot description',
    [
      ['link', 'A link', ['inertial', 'visual']],
      ['joint', 'A joint', ['parent', 'child']],
    ],
    'URDF tags.',
  ],
]
const pages = PAGES.flatMap(([title, elements, note]) => [
  sample(`reference: ${title}, from the user`, {
    messages: [`${reference(title, elements, note)}\n\nGive me an example with all of it.`],
  }),
  sample(`reference: ${title}, in the system prompt`, {
    system: `You help people who write ${title}.\n\n${reference(title, elements, note)}`,
    messages: ['Write one for me'],
  }),
])

const agents: Sample[] = [
  sample('a plain agent prompt', { system: `You are a coding agent. ${RULES}` }),
  sample('a prompt with servers only', { system: `You are an assistant.\n\n${MCP}` }),
  sample('guidelines without any tool', { system: `You are an assistant.\n\n${GUIDELINES}` }),
  sample('the form without any tool', { system: USE.cline.replace(/For example:[\s\S]*/, '') }),
  sample('tools without any form', {
    system: HOUSE.map(
      ({ name, about, params }) => `## ${name}\n${about}\nParameters: ${params.map((one) => one.name).join(', ')}`,
    ).join('\n\n'),
  }),
  sample('200 KB of rules', { system: filler(200), messages: ['Explain <T> in TypeScript'] }),
  sample('100 KB of rules without fences', { system: filler(100, false) }),
  sample('generics', {
    messages: ['function map<Input, Output>(list: Array<Input>): Promise<Array<Output>> {}\nWhat is <Input>?'],
  }),
  sample('nothing', { messages: [''] }),
  sample('a title for a chat', {
    system:
      'Write a title of 3-5 words for the chat.\n<chat_history>\nUSER: use the tool\nASSISTANT: <tool>ok</tool>\n</chat_history>',
  }),
  sample('a summary of a session of such a client', {
    system: 'You condense conversations of a coding agent.',
    messages: [
      `Summarize the conversation so far, with tools used.\n\n${CLINE.slice(0, 4)
        .map((tool) => call(tool))
        .join('\n')}`,
    ],
  }),
  sample('an editor with search and replace blocks', {
    system: 'Answer with SEARCH/REPLACE blocks:\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\nUse no other tool.',
  }),
  sample('artifacts', {
    system:
      'Put code into <artifact> tags:\n<artifact>\n<title>x</title>\n<content>y</content>\n</artifact>\nUse the tag for every file.',
  }),
]

export const NEGATIVES: Sample[] = [
  ...pasted,
  ...native,
  ...otherForms,
  ...claudeStyle,
  ...prose,
  ...about,
  ...pages,
  ...agents,
]
