import * as v from 'valibot'
import { count, section, setting } from '../setting.ts'

const perMinute = (fallback: number, what: string, name: string) =>
  setting(count(1, 1_000_000), fallback, `Requests a minute ${what}.`, { environment: [{ name }] })

export const rateLimit = section('How often one key, and one address, may call. Each kind of endpoint counts alone.', {
  enabled: setting(v.boolean(), false, 'Limit the rate.', { environment: [{ name: 'RATE_LIMIT_ENABLED' }] }),
  chat_per_minute: perMinute(10, 'to models', 'RATE_LIMIT_CHAT_PER_MINUTE'),
  debug_per_minute: perMinute(2, 'to check what a request would do', 'RATE_LIMIT_DEBUG_PER_MINUTE'),
  auth_per_minute: perMinute(
    10,
    'to the states of logins; and requests a minute with a wrong key, from one address',
    'RATE_LIMIT_AUTH_PER_MINUTE',
  ),
  session_per_minute: perMinute(15, 'to stored answers and conversations', 'RATE_LIMIT_SESSION_PER_MINUTE'),
  health_per_minute: perMinute(30, 'to the health endpoints', 'RATE_LIMIT_HEALTH_PER_MINUTE'),
  general_per_minute: perMinute(30, 'to everything else', 'RATE_LIMIT_PER_MINUTE'),
})
