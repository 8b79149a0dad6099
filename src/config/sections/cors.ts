import * as v from 'valibot'
import { section, setting } from '../setting.ts'

const origin = v.pipe(
  v.string(),
  v.regex(/^\*$|^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/]+$/, 'must be an origin such as https://app.example, or *'),
)

export const cors = section('Browser pages of other origins.', {
  origins: setting(
    v.array(origin),
    [],
    'Origins whose pages may call the server. "*" allows all of them, and needs a key. Empty: none.',
    { environment: [{ name: 'CORS_ORIGINS' }] },
  ),
})
