import * as v from 'valibot'
import { optionalSetting, section, setting, text } from '../setting.ts'
import { variables } from './provider.ts'
import { turnEntries } from './turns.ts'

export const codex = section('Codex.', {
  enabled: setting(v.boolean(), true, 'Offer its models.'),
  path: optionalSetting(text(), 'The executable. Without it, `codex` is looked for on PATH.', {
    environment: [{ name: 'CODEX_CLI_PATH' }],
    path: 'command',
  }),
  home: optionalSetting(text(), "Codex's own folder, with its login. Without it, ~/.codex.", {
    environment: [{ name: 'CODEX_HOME' }],
    path: 'file',
  }),
  env: variables('OPENAI_API_KEY, which is then used instead of the login'),
  provider: optionalSetting(
    v.picklist(['built-in', 'custom']),
    'Which of its model providers asks: its own (for ChatGPT logins), or plain HTTP without retries (for API keys).',
  ),
  prompt: optionalSetting(
    v.picklist(['codex', 'none']),
    "What stands before the conversation: Codex's own instructions (for ChatGPT logins), or nothing (for API keys).",
  ),
  base_url: optionalSetting(text(), "Where the Responses API is, in place of OpenAI's."),
  verbosity: optionalSetting(v.picklist(['low', 'medium', 'high']), 'How long answers are.'),
  service_tier: optionalSetting(text(), 'The service tier, such as priority or flex.'),
  warm: setting(
    v.boolean(),
    true,
    'Keep its process running, about 130 MB; without, it starts with the first request.',
  ),
  ...turnEntries,
})
