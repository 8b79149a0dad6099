import * as v from 'valibot'
import { optionalSetting, section, setting, text } from '../setting.ts'
import { variables } from './provider.ts'
import { turnEntries } from './turns.ts'

export const qwen = section('Qwen Code.', {
  enabled: setting(v.boolean(), true, 'Offer its models.'),
  path: optionalSetting(text(), 'The executable. Without it, `qwen` is looked for on PATH.', {
    environment: [{ name: 'QWEN_CLI_PATH' }],
    path: 'command',
  }),
  home: optionalSetting(text(), "Qwen Code's own folder, with its settings and logins. Without it, ~/.qwen.", {
    environment: [{ name: 'QWEN_HOME' }],
    path: 'file',
  }),
  env: variables('OPENAI_API_KEY and OPENAI_BASE_URL'),
  warm: setting(
    v.boolean(),
    true,
    'Keep its process running, about 200 MB; without, it starts with the first request.',
  ),
  ...turnEntries,
})
