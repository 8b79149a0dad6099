import * as v from 'valibot'
import { count, optionalSetting, section, setting, text } from '../setting.ts'

/** Agent mode, where a CLI works in real folders. Not to be taken for `agent.ts`, the agents that speak ACP. */
export const agentMode = section('Agent mode: a CLI works in real folders, with its own tools. Off without `roots`.', {
  roots: setting(
    v.array(text()),
    [],
    'Folders that agents may work in, with all below them. Whoever may call the server can have them changed.',
    { path: 'file' },
  ),
  skip_permissions: setting(
    v.boolean(),
    false,
    'Let requests ask for the permission mode bypassPermissions, with which an agent does anything unasked.',
  ),
  max_active: setting(count(1, 1000), 16, 'CLIs that POST /chat runs at once; more are refused with status 429.'),
  mcp_config: optionalSetting(
    text(),
    'File with MCP servers for agents, in the form of the CLI. Requests cannot name any.',
    { path: 'file' },
  ),
})
