// What a build is called and made with, also on machines that these tests do not run on.
import { expect, test } from 'bun:test'
import { binaryFor, TARGETS } from '../../scripts/build-target.ts'

const FEW_BYTECODES = '--bytecode-depth=0'

test.each([
  ['linux', 'cligate', []],
  ['darwin', 'cligate', []],
  ['win32', 'cligate.exe', [FEW_BYTECODES]],
] as const)('for the machine itself: %s', (platform, file, flags) => {
  expect(binaryFor(undefined, platform)).toEqual({ file, flags: [...flags] })
})

test('for another machine it does not matter where it is built', () => {
  for (const target of TARGETS) expect(binaryFor(target, 'win32')).toEqual(binaryFor(target, 'linux'))
  expect(binaryFor('linux-x64', 'win32')).toEqual({ file: 'cligate-linux-x64', flags: ['--target=bun-linux-x64'] })
  expect(binaryFor('windows-x64', 'linux')).toEqual({
    file: 'cligate-windows-x64.exe',
    flags: ['--target=bun-windows-x64', FEW_BYTECODES],
  })
})
