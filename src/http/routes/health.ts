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
}

export type Health = v.InferOutput<(typeof schemas)['Health']>

/** Whether a path is open to everybody: what load balancers and container health checks ask. */
export function isHealthPath(path: string): boolean {
  return path === '/health'
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
        messages: '/v1/messages',
        gemini: '/v1beta/models',
      }),
      { detail: { hide: true } },
    )
}
