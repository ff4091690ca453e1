import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientLogger } from '../client-options.ts'
import { loggerOf } from './logger.ts'

function recording(shape: object = {}): { lines: unknown[][]; logger: ClientLogger } {
  const lines: unknown[][] = []
  const at =
    (level: string) =>
    (...args: unknown[]) =>
      void lines.push([level, ...args])
  return { lines, logger: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), ...shape } }
}

test('a logger shaped like the console gets the message first', () => {
  const { lines, logger } = recording()
  const ours = loggerOf(logger, 'c').child({ group: 'g' })
  ours.warn('late', { ms: 5 })
  ours.debug('details')
  assert.deepEqual(lines, [
    ['warn', 'late', { clientId: 'c', group: 'g', ms: 5 }],
    ['debug', 'details', { clientId: 'c', group: 'g' }],
  ])
})

test('a logger shaped like pino gets the fields first, and says whether it wants debug lines', () => {
  const { lines, logger } = recording({ bindings: () => ({}), isLevelEnabled: (level: string) => level !== 'debug' })
  const ours = loggerOf(logger, 'c')
  ours.error('broken', { broker: 1 })
  assert.deepEqual(lines, [['error', { clientId: 'c', broker: 1 }, 'broken']])
  assert.equal(ours.debugEnabled, false)
})

test('the console itself is a logger, and no logger is silence', () => {
  const given: ClientLogger = console
  assert.equal(loggerOf(given, 'c').debugEnabled, true)
  assert.equal(loggerOf(undefined, 'c').debugEnabled, false)
})
