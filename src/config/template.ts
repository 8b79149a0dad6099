// A cligate.yaml to begin with: every key with its description and default, all of them commented out. Pure.
import { SETTINGS } from './settings.ts'

const WIDTH = 100

export function configTemplate(): string {
  const lines = ['# Remove the # in front of what you want to change, and of the section above it.', '']
  const open: string[] = []
  for (const setting of SETTINGS) {
    const names = setting.path.split('.')
    const sections = names.slice(0, -1)
    sections.forEach((name, depth) => {
      if (open[depth] === name && open.slice(0, depth).every((each, at) => each === sections[at])) return
      open.splice(depth)
      open.push(name)
      if (depth === 0) lines.push('')
      lines.push(`# ${'  '.repeat(depth)}${name}:`)
    })
    open.splice(sections.length)
    const indent = '  '.repeat(sections.length)
    lines.push(...wrapped(setting.description, WIDTH - indent.length).map((line) => `# ${indent}# ${line}`))
    // What has no default stays a comment when its section is opened.
    const value = setting.fallback === undefined ? undefined : JSON.stringify(setting.fallback)
    lines.push(value === undefined ? `# ${indent}# ${names.at(-1)}:` : `# ${indent}${names.at(-1)}: ${value}`)
  }
  return `${lines.join('\n')}\n`
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
