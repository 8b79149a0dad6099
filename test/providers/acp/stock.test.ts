// When idle agents are started and stopped, decided from facts.
import { expect, test } from 'bun:test'
import { nextStep, type StockFacts, type StockNumbers, type StockStep } from '../../../src/providers/acp-stock.ts'

const NOW = 100_000
const step = (numbers: Partial<StockNumbers>, facts: Partial<StockFacts>) =>
  nextStep(
    { warm: 2, idleTimeout: 0, ...numbers },
    { now: NOW, lastClaim: NOW, idle: 0, booting: false, quiet: false, backoff: 0, ...facts },
  )

const NOTHING: StockStep = { do: 'nothing' }
const CASES: [string, Partial<StockNumbers>, Partial<StockFacts>, StockStep][] = [
  ['one is missing', {}, { idle: 1 }, { do: 'boot' }],
  ['one is missing and on its way', {}, { idle: 1, booting: true }, NOTHING],
  ['none is missing', {}, { idle: 2 }, NOTHING],
  ['none is wanted', { warm: 0 }, {}, NOTHING],
  ['a turn waits for its first token', {}, { quiet: true, lastClaim: NOW - 500 }, { do: 'look', wait: 1500 }],
  ['a turn has waited long enough', {}, { quiet: true, lastClaim: NOW - 2000 }, { do: 'boot' }],
  ['boots have failed', {}, { backoff: 250 }, { do: 'look', wait: 250 }],
  ['both', {}, { backoff: 250, quiet: true, lastClaim: NOW - 1900 }, { do: 'look', wait: 250 }],
  ['a timeout to come', { idleTimeout: 9000 }, { idle: 2, lastClaim: NOW - 4000 }, { do: 'look', wait: 5000 }],
  ['a timeout', { idleTimeout: 9000 }, { idle: 2, lastClaim: NOW - 9000 }, { do: 'shrink', to: 1 }],
  ['a timeout, where none is wanted', { warm: 0, idleTimeout: 9 }, { idle: 1, lastClaim: 0 }, { do: 'shrink', to: 0 }],
  ['a timeout with one left', { idleTimeout: 9000 }, { idle: 1, lastClaim: NOW - 9000 }, NOTHING],
  ['a timeout with none left', { idleTimeout: 9000 }, { lastClaim: NOW - 9000 }, { do: 'boot' }],
]

test.each(CASES)('%s', (_, numbers, facts, expected) => {
  expect(step(numbers, facts)).toEqual(expected)
})
