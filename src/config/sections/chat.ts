import * as v from 'valibot'
import { section, setting } from '../setting.ts'

export const chat = section('Chat mode: all API endpoints, stateless and without tools of the machine.', {
  web: setting(
    v.boolean(),
    false,
    "Let the model search the web with its CLI's own tool, where the provider's page says so.",
  ),
  message_mode: setting(
    v.picklist(['ignore', 'forward', 'formatted']),
    'ignore',
    "What an answer shows of the CLI's own tools: nothing, a line of JSON for each step, or an XML element with JSON.",
  ),
})
