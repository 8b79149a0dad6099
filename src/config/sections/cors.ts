import * as v from 'valibot'
import { section, setting } from '../setting.ts'

const origin = v.pipe(
  v.string(),
  v.regex(/^\*$|^[a-z][a-z0-9+.-]*:\/\/[^\s/]+$/i, 'must be an origin such as https://app.example, or *'),
)

export const cors = section('Browser pages of other origins.', {
  origins: setting(
    v.array(origin),
    [],
    'Origins whose pages may call the server. "*" allows all of them, without credentials. Empty: none.',
    { environment: [{ name: 'CORS_ORIGINS' }] },
  ),
})
