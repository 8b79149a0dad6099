import * as v from 'valibot'
import { optionalSetting, section, setting, text } from '../setting.ts'
import { variables } from './provider.ts'
import { workers } from './turns.ts'

export const gemini = section('Gemini CLI.', {
  enabled: setting(v.boolean(), true, 'Offer its models.'),
  path: optionalSetting(text(), 'The executable. Without it, `gemini` is looked for on PATH.', {
    environment: [{ name: 'GEMINI_CLI_PATH' }],
    path: 'command',
  }),
  home: optionalSetting(
    text(),
    'The folder that holds its .gemini folder, with the login. Without it, the home folder.',
    {
      environment: [{ name: 'GEMINI_CLI_HOME' }],
      path: 'file',
    },
  ),
  env: variables('GEMINI_API_KEY'),
  runtime: setting(
    v.picklist(['node', 'bun']),
    'node',
    'What runs it. Bun starts sooner and takes less memory, but Google supports Node.js alone.',
  ),
  warm: workers(1),
})
