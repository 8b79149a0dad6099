import * as v from 'valibot'
import { section, setting } from '../setting.ts'

export const chat = section('Chat mode: all API endpoints, stateless and without tools of the machine.', {
  web: setting(v.boolean(), false, "Let the model use its CLI's web search and fetch."),
})
