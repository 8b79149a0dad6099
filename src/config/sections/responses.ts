import * as v from 'valibot'
import { count, section, setting } from '../setting.ts'

export const responses = section(
  'Responses of `/v1/responses` that are kept, for `previous_response_id` and to be fetched.',
  {
    store: setting(
      v.boolean(),
      true,
      'Keep the responses of callers who do not send `store: false`. Off, none is kept.',
    ),
    days: setting(count(1, 3650), 30, 'Days that a response is kept after it was made or last gone on from.'),
    max_mb: setting(
      count(1, 1_000_000),
      1024,
      'Most megabytes that all of them may have together. The oldest are removed first.',
    ),
  },
)
