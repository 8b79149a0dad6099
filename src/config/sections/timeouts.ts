import { seconds, section, setting } from '../setting.ts'

export const timeouts = section('How long a turn may take. In seconds; 0 means no limit.', {
  first_event: setting(seconds(), 120, 'Seconds until a provider must have sent its first event.'),
  between_events: setting(seconds(), 300, 'Seconds a provider may be silent once it has begun.'),
  total: setting(seconds(), 3600, 'Seconds a whole turn may take. MAX_TIMEOUT, in milliseconds, sets it too.', {
    environment: [{ name: 'MAX_TIMEOUT', divisor: 1000 }],
  }),
  shutdown: setting(
    seconds(1),
    10,
    'Seconds that running answers get to finish when the server stops; 0 ends them at once.',
  ),
})
