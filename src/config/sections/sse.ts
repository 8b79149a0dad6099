import { amount, count, section, setting } from '../setting.ts'

export const sse = section('Streamed answers.', {
  keepalive_interval: setting(
    amount(1, 3600),
    30,
    'Seconds of silence after which a comment keeps the connection open.',
    { environment: [{ name: 'SSE_KEEPALIVE_INTERVAL' }] },
  ),
  head_after_ms: setting(
    count(0, 600_000),
    1000,
    'Milliseconds to wait for the first event before the response head is sent. Until then a failure is a real HTTP status.',
  ),
})
