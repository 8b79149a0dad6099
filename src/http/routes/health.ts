import { Elysia } from 'elysia'
import * as v from 'valibot'
import type { Gateway } from '../gateway.ts'
import { json } from '../openapi.ts'

export const schemas = {
  Health: v.pipe(
    v.object({
      status: v.picklist(['ok', 'stopping']),
      version: v.string(),
      uptime_seconds: v.pipe(v.number(), v.integer()),
      providers: v.pipe(v.record(v.string(), v.string()), v.description('The state of each provider.')),
    }),
    v.metadata({ title: 'Health' }),
  ),
  Liveness: v.pipe(v.object({ status: v.literal('ok') }), v.metadata({ title: 'Liveness' })),
  Readiness: v.pipe(
    v.object({
      status: v.picklist(['ok', 'stopping', 'unavailable']),
      ready: v.pipe(v.array(v.string()), v.description('Providers that can answer.')),
    }),
    v.metadata({ title: 'Readiness' }),
  ),
}

/** States in which a provider answers, or may: one that was not asked yet is not known to be broken. */
const ANSWERING = new Set(['ready', 'degraded', 'unknown'])

function readiness(gateway: Gateway): Response {
  const ready = Object.entries(gateway.status().providers).filter(([, state]) => ANSWERING.has(state))
  const stopping = gateway.drain.closing()
  const status = stopping ? 'stopping' : ready.length > 0 ? 'ok' : 'unavailable'
  const body = { status, ready: ready.map(([provider]) => provider) }
  return Response.json(body, { status: status === 'ok' ? 200 : 503 })
}

export type Health = v.InferOutput<(typeof schemas)['Health']>

/** Whether a path is open to everybody: what load balancers and container health checks ask. */
export function isHealthPath(path: string): boolean {
  return path === '/health' || path === '/health/live' || path === '/health/ready'
}

/** `GET /health`, and an index for those who open the base URL. */
export function health(gateway: Gateway) {
  return new Elysia()
    .get(
      '/health',
      (): Health => {
        const { version, startedAt, providers } = gateway.status()
        const status = gateway.drain.closing() ? 'stopping' : 'ok'
        return { status, version, uptime_seconds: Math.floor((Date.now() - startedAt) / 1000), providers }
      },
      {
        detail: {
          operationId: 'health.get',
          tags: ['Gateway'],
          summary: 'Whether the gateway runs',
          description: 'Needs no key.',
          security: [],
          responses: { 200: json('Health', 'It runs.') },
        },
      },
    )
    .get('/health/live', () => ({ status: 'ok' }), {
      detail: {
        operationId: 'health.live',
        tags: ['Gateway'],
        summary: 'Whether the process lives',
        description: 'Needs no key. What to restart it by.',
        security: [],
        responses: { 200: json('Liveness', 'It lives.') },
      },
    })
    .get('/health/ready', () => readiness(gateway), {
      detail: {
        operationId: 'health.ready',
        tags: ['Gateway'],
        summary: 'Whether requests can be answered',
        description: 'Needs no key. What a load balancer sends requests by.',
        security: [],
        responses: {
          200: json('Readiness', 'At least one provider can answer.'),
          503: json('Readiness', 'It is stopping, or no provider can answer.'),
        },
      },
    })
    .get(
      '/',
      () => ({
        name: 'cligate',
        version: gateway.status().version,
        documentation: '/docs',
        openapi: '/docs/json',
        health: '/health',
        models: '/v1/models',
        capabilities: '/v1/capabilities',
        chat_completions: '/v1/chat/completions',
        responses: '/v1/responses',
        messages: '/v1/messages',
        gemini: '/v1beta/models',
      }),
      { detail: { hide: true } },
    )
}
