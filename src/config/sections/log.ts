import * as v from 'valibot'
import { optionalSetting, section, setting, text } from '../setting.ts'

export const log = section('What the server writes about itself.', {
  level: setting(v.picklist(['debug', 'info', 'warn', 'error', 'silent']), 'info', 'Least severe lines to write.', {
    environment: [{ name: 'LOG_LEVEL' }],
  }),
  format: setting(
    v.picklist(['auto', 'json', 'pretty']),
    'auto',
    'JSON lines, or lines for people; auto is pretty on a terminal.',
    { environment: [{ name: 'LOG_FORMAT' }] },
  ),
  file: optionalSetting(text(), 'File to append to. Without one, standard error.', {
    environment: [{ name: 'LOG_FILE' }],
    path: 'file',
  }),
})
