import { expect, test } from 'bun:test'
import { join } from 'node:path'

test('the simulator as a process prints its URL and answers at the asked pace', async () => {
  const argv = ['bun', join(import.meta.dir, 'main.ts'), '--port', '0', '--chunks', '3', '--delay-ms', '10']
  const child = Bun.spawn(argv, { stdout: 'pipe', stderr: 'inherit' })
  try {
    const { value } = await child.stdout.getReader().read()
    const { url } = JSON.parse(new TextDecoder().decode(value))
    const begun = performance.now()
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{"stream":true,"model":"m"}' })
    expect((await response.text()).match(/text_delta/g)).toHaveLength(3)
    expect(performance.now() - begun).toBeGreaterThan(15)
  } finally {
    child.kill('SIGKILL')
    await child.exited
  }
})
