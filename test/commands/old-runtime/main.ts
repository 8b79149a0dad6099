// Preloaded by cli.test.ts: makes the runtime look like an old one.
Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '1.3.14' } })
