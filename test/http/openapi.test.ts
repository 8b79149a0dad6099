import { describe, expect, test } from 'bun:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import * as v from 'valibot'
import { GatewayError } from '../../src/core/error.ts'
import { schemas as chatSchemas } from '../../src/dialects/openai-chat/schema.ts'
import { componentsOf, documented } from '../../src/http/documented.ts'
import { type IssuedKey, issueKey } from '../../src/policy/issued-keys.ts'
import { world } from './world.ts'

type Operation = {
  operationId: string
  summary: string
  tags: string[]
  responses: Record<string, { description: string; content: Record<string, { schema: object }> }>
  requestBody?: { required: boolean; content: Record<string, { schema: object }> }
}
type Document = {
  openapi: string
  servers: { url: string }[]
  security: object[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

async function load(
  options: Parameters<typeof world>[0] = {},
  headers: Record<string, string> = {},
): Promise<Document> {
  const response = await world(options).app.fetch(new Request('http://localhost/docs/json', { headers }))
  expect(response.status).toBe(200)
  return (await response.json()) as Document
}

describe('the API document', () => {
  test('is valid OpenAPI 3.1 for a strict validator', async () => {
    const document = await load()
    expect(document.openapi).toBe('3.1.0')
    const result = await new Validator().validate(document)
    expect(result.errors).toBeUndefined()
    expect(result.valid).toBe(true)
  })

  test('stays valid when it was fetched before, and with keys and a public URL', async () => {
    const access = { keys: ['k'], hosts: [], origins: ['https://app.example'] }
    const made = world({ access, publicUrl: 'https://gate.example' })
    for (let time = 0; time < 2; time++) {
      const response = await made.app.fetch(
        new Request('http://localhost/docs/json', { headers: { 'x-api-key': 'k' } }),
      )
      const document = (await response.json()) as Document
      expect((await new Validator().validate(document)).errors).toBeUndefined()
      expect(document.servers).toEqual([{ url: 'https://gate.example' }])
      expect(document.security).not.toEqual([])
    }
  })

  test('wants a key as soon as one was given out, also where it was fetched before', async () => {
    const { secret, record } = issueKey('later', ['read'], 0)
    const given: IssuedKey[] = []
    const issued = { keys: () => given, guards: () => given.length > 0, used() {} }
    const { app } = world({ access: { keys: [], issued, hosts: [], origins: [] } })
    const security = async () => {
      const answer = await app.fetch(new Request('http://localhost/docs/json', { headers: { 'x-api-key': secret } }))
      return ((await answer.json()) as Document).security
    }
    expect(await security()).toEqual([])
    given.push(record)
    expect(await security()).toEqual([{ bearer: [] }, { header: [] }])
  })

  test('that could not be made is made at the next look', async () => {
    const { app, gateway } = world()
    const { status } = gateway
    const look = async () => (await app.fetch(new Request('http://localhost/docs/json'))).status
    gateway.status = () => {
      throw new Error('not yet')
    }
    expect(await look()).toBe(500)
    gateway.status = status
    expect(await look()).toBe(200)
  })

  test('has every operation, each with a name, a summary and described answers', async () => {
    const { paths } = await load()
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
    )
    expect(operations.map(({ name }) => name).toSorted()).toEqual([
      'delete /chat/{process_id}',
      'delete /v1/responses/{id}',
      'get /health',
      'get /health/live',
      'get /health/ready',
      'get /processes',
      'get /stats',
      'get /v1/auth/status',
      'get /v1/capabilities',
      'get /v1/models',
      'get /v1/models/{model}',
      'get /v1/responses/{id}',
      'get /v1/responses/{id}/input_items',
      'get /v1beta/models',
      'get /v1beta/models/{model}',
      'post /chat',
      'post /v1/chat/completions',
      'post /v1/compatibility',
      'post /v1/completions',
      'post /v1/messages',
      'post /v1/messages/count_tokens',
      'post /v1/responses',
      'post /v1/responses/input_tokens',
      'post /v1/responses/{id}/cancel',
      'post /v1beta/models/{model}:countTokens',
      'post /v1beta/models/{model}:generateContent',
      'post /v1beta/models/{model}:streamGenerateContent',
    ])
    for (const { operation } of operations) {
      expect(operation).toMatchObject({ operationId: expect.any(String), summary: expect.any(String) })
      for (const answer of Object.values(operation.responses)) expect(answer.description).not.toBe('')
    }
  })

  test('every reference leads somewhere', async () => {
    const document = await load()
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!)
    expect(references.length).toBeGreaterThan(10)
    for (const reference of references) {
      const name = reference.replace('#/components/schemas/', '')
      expect(document.components.schemas[name], reference).toBeDefined()
    }
  })

  test('a chat request is one JSON body by its name, its answer JSON or events', async () => {
    const operation = (await load()).paths['/v1/chat/completions']!['post']!
    expect(operation.requestBody).toEqual({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ChatCompletionRequest' } } },
    })
    expect(Object.keys(operation.responses['200']!.content)).toEqual(['application/json', 'text/event-stream'])
    expect(Object.keys(operation.responses)).toContain('429')
  })
})

describe('documented', () => {
  const Leaf = v.object({ name: v.pipe(v.string(), v.description('Its name.')) })
  type Node = { children: Node[]; leaf?: v.InferInput<typeof Leaf> }
  const Tree: v.GenericSchema<Node> = v.object({ children: v.array(v.lazy(() => Tree)), leaf: v.optional(Leaf) })

  test('shared and recursive schemas become references', () => {
    expect(componentsOf({ Leaf, Tree })).toEqual({
      Leaf: { type: 'object', properties: { name: { type: 'string', description: 'Its name.' } }, required: ['name'] },
      Tree: {
        type: 'object',
        properties: {
          children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
          leaf: { $ref: '#/components/schemas/Leaf' },
        },
        required: ['children'],
      },
    })
  })

  test('shows as its definition, validates as its schema, and throws the error of the first issue', async () => {
    const seen: string[] = []
    const schema = documented(
      v.object({ a: v.number(), b: v.optional(v.number(), 2) }),
      { Shown: { type: 'object' } },
      'Shown',
      (issue) => {
        seen.push(v.getDotPath(issue) ?? '')
        return new GatewayError('invalid_request', 'wrong')
      },
    )
    expect(JSON.stringify(schema)).toBe('{"type":"object"}')
    expect(await schema['~standard'].validate({ a: 1 })).toEqual({ value: { a: 1, b: 2 } })
    expect(() => schema['~standard'].validate({ a: 'x', b: 'y' })).toThrow('wrong')
    expect(seen).toEqual(['a'])
  })

  test('stops at the first issue: a body of a million wrong entries costs no more than one', () => {
    let checks = 0
    const wrong = v.check<number, string>(() => {
      checks += 1
      return false
    }, 'wrong')
    const error = new GatewayError('invalid_request', 'wrong')
    const schema = documented(v.array(v.pipe(v.number(), wrong)), {}, 'Shown', () => error)
    expect(() => schema['~standard'].validate(Array.from({ length: 1000 }, (_, index) => index))).toThrow('wrong')
    expect(checks).toBe(1)
  })

  test('every schema of the dialect is in the document', () => {
    expect(Object.keys(componentsOf(chatSchemas)).toSorted()).toEqual(Object.keys(chatSchemas).toSorted())
  })
})
