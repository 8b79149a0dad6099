import * as v from 'valibot'
import { amount, section, setting } from '../setting.ts'

export const cleanup = section('Session files that a CLI leaves behind; only those that cligate caused.', {
  enabled: setting(v.boolean(), true, 'Remove them.', { environment: [{ name: 'CLEANUP_ENABLED' }] }),
  delay_minutes: setting(amount(0, 525_600), 720, 'Minutes after their turn; 0 removes them at once.', {
    environment: [{ name: 'CLEANUP_DELAY_MINUTES' }],
  }),
})
