import { amount, count, seconds, section, setting } from '../setting.ts'

/** How many turns a provider whose process serves many of them runs at once. */
export const turnEntries = {
  max_active: setting(count(1, 1000), 16, 'Turns that run at once; more of them wait.'),
  max_queue: setting(count(0, 100_000), 64, 'Turns that may wait; more of them are refused with status 429.'),
  queue_timeout: setting(seconds(1), 60, 'Seconds a turn may wait before it is refused.'),
}

/** Processes of which each serves one turn at a time. */
export const workers = (size: number) =>
  section('Processes started ahead of requests; each serves one turn after the other.', {
    size: setting(count(0, 64), size, 'Idle processes to keep, about 200 MB each; 0 starts them when they are needed.'),
    max: setting(count(0, 64), 4, 'Idle processes at most, when many requests come at once.'),
    ...turnEntries,
    idle_minutes: setting(
      amount(0.1, 10_080),
      30,
      'Minutes without any request after which idle processes are let go.',
    ),
  })
