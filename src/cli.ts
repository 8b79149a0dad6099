#!/usr/bin/env bun
// Where cligate starts: sees that the runtime will do, then hands over to commands/. Everything else is imported only after
// that check, because an old runtime would fail on the first new syntax with a message that helps nobody.

/** The same as in package.json's "engines". */
export const MINIMUM_BUN = '1.4.5'

const found: string | undefined = process.versions.bun

if (found === undefined || Bun.semver.order(found.replace(/-.*$/, ''), MINIMUM_BUN) < 0) {
  const have = found === undefined ? `Node.js ${process.version}` : `Bun ${found}`
  console.error(`cligate needs Bun ${MINIMUM_BUN} or newer; this is ${have}.`)
  console.error('Get it with: npm install -g bun')
  process.exit(2)
}

const { main } = await import('./commands/main.ts')
const code = await main(process.argv.slice(2))
// Not left to the event loop: a handle that something forgot must not hold a command that is done.
if (code !== undefined) process.exit(code)
