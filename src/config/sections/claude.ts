import * as v from 'valibot'
import { amount, count, optionalSetting, section, setting, text } from '../setting.ts'
import { variables } from './provider.ts'
import { turnEntries } from './turns.ts'

const warm = section('Processes started ahead of requests, so that an answer begins at once.', {
  size: setting(count(0, 64), 2, 'Idle processes to keep, about 210 MB each; 0 starts each one when it is needed.'),
  max: setting(count(0, 64), 8, 'Idle processes at most, when many requests come at once.'),
  ...turnEntries,
  max_boots: setting(count(1, 16), 1, 'Processes that start side by side in the background.'),
  idle_minutes: setting(amount(0.1, 10_080), 30, 'Minutes without any request after which idle processes are let go.'),
})

export const claude = section('Claude Code.', {
  enabled: setting(v.boolean(), true, 'Offer its models.'),
  path: optionalSetting(text(), 'The executable. Without it, `claude` is looked for on PATH.', {
    environment: [{ name: 'CLAUDE_CLI_PATH' }],
    path: 'command',
  }),
  config_dir: optionalSetting(text(), "Claude Code's own folder, with its login. Without it, ~/.claude.", {
    environment: [{ name: 'CLAUDE_CONFIG_DIR' }],
    path: 'file',
  }),
  env: variables('ANTHROPIC_API_KEY or CLAUDE_CODE_USE_BEDROCK'),
  history: setting(
    v.picklist(['auto', 'replay', 'exact']),
    'auto',
    'How a conversation reaches the model: replayed turn by turn, or as the exact request body; auto is replay for logins.',
  ),
  warm,
})
