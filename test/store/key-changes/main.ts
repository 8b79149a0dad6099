// One of several programs that change the same file of keys: `main.ts FILE add PREFIX COUNT`, `revoke COUNT`, `use COUNT`.
import { issueKey } from '../../../src/policy/issued-keys.ts'
import { changeKeyFile, readKeyFile } from '../../../src/store/key-file.ts'
import { openKeyRing } from '../../../src/store/key-ring.ts'

const [file = '', what, ...rest] = process.argv.slice(2)

switch (what) {
  case 'add': {
    const [prefix = '', count] = rest
    for (let index = 0; index < Number(count); index++) {
      const { record } = issueKey(`${prefix}-${index}`, ['infer'], 1)
      changeKeyFile(file, (keys) => [...keys, { ...record, scopes: [...record.scopes] }])
    }
    break
  }
  case 'revoke': {
    const mine = readKeyFile(file).filter(({ name }) => name.startsWith('old-'))
    for (const { id } of mine) {
      changeKeyFile(file, (keys) => keys.map((key) => (key.id === id ? { ...key, revokedAt: 5 } : key)))
    }
    break
  }
  case 'use': {
    // What a server does once a minute.
    const used = () => readKeyFile(file).filter(({ name }) => name.startsWith('used-'))
    const mine = used()
    // It gives up soon where others hold the lock, and comes again.
    for (let noted = 0; noted < Number(rest[0]);) {
      const at = 1000 + noted
      const ring = openKeyRing({ file, onDamage: (error) => console.error(error), now: () => at })
      for (const { id } of mine) ring.used(id)
      ring.close()
      if (used().every((key) => key.lastUsedAt === at)) noted++
    }
    break
  }
}
