// The rate-limit headers that Anthropic sends to subscription logins.
import type { Failure } from '../reply.ts'
import { failure } from './failures.ts'

export type SubscriptionWindow = {
  status: 'allowed' | 'allowed_warning' | 'rejected'
  claim?: 'five_hour' | 'seven_day' | 'seven_day_opus' | 'seven_day_sonnet'
  /** Seconds since 1970 when the window opens again. */
  resetsAt: number
  /** Used part of the window, 0 to 1. */
  utilization?: number
}

/** Headers for any answer, good or bad: give them as `headers` to a reply. */
export function subscriptionHeaders(window: SubscriptionWindow): Record<string, string> {
  const claim = window.claim ?? 'five_hour'
  const short = claim === 'five_hour' ? '5h' : '7d'
  const utilization = window.utilization ?? (window.status === 'rejected' ? 1 : 0.42)
  const prefix = 'anthropic-ratelimit-unified'
  return {
    [`${prefix}-status`]: window.status,
    [`${prefix}-reset`]: String(window.resetsAt),
    [`${prefix}-representative-claim`]: claim,
    [`${prefix}-fallback`]: 'available',
    [`${prefix}-${short}-status`]: window.status,
    [`${prefix}-${short}-reset`]: String(window.resetsAt),
    [`${prefix}-${short}-utilization`]: String(utilization),
    ...(window.status === 'allowed_warning' ? { [`${prefix}-${short}-surpassed-threshold`]: '0.9' } : {}),
  }
}

/** 429 because the subscription's window is used up. */
export function usageLimitReached(resetsAt: number, claim: SubscriptionWindow['claim'] = 'five_hour'): Failure {
  return failure(429, {
    message: "This request would exceed your account's rate limit. Please try again later.",
    headers: subscriptionHeaders({ status: 'rejected', claim, resetsAt }),
  })
}
