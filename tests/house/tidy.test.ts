import assert from 'node:assert/strict'
import { test } from 'node:test'
import { breachesOf, installScriptsIn } from '../../tools/tidy.ts'

const messages = (file: string, text: string): string[] => breachesOf(file, text).map((breach) => breach.message)

test('an import that points up the list of packages is a breach', () => {
  const text = "import { startBroker } from '@millrace/broker'"
  assert.deepEqual(messages('packages/storage/src/log/log.ts', text), ['storage must not import broker'])
  assert.deepEqual(messages('packages/millrace/src/main.ts', text), [])
})

test('only tests import the testkit', () => {
  const text = "import { faulty } from '@millrace/testkit'"
  assert.deepEqual(messages('packages/storage/src/log/log.test.ts', text), [])
  assert.deepEqual(messages('packages/storage/src/log/log.ts', text), ['storage must not import testkit'])
})

test('a package is imported by its index', () => {
  const text = "import { x } from '@millrace/kernel/src/clock.ts'"
  assert.equal(messages('packages/storage/src/log/log.ts', text).length, 1)
})

test('a state machine that reads the clock is a breach', () => {
  assert.equal(messages('packages/machines/src/groups/join.ts', 'const now = Date.now()').length, 1)
  assert.equal(messages('packages/machines/src/groups/join.test.ts', 'const now = Date.now()').length, 0)
})

test('a file named after nothing in particular is a breach', () => {
  assert.equal(messages('packages/broker/src/utils.ts', '').length, 1)
  assert.equal(messages('packages/broker/src/net/listener.ts', '').length, 0)
})

test('a dependency that runs a script when it is installed is a breach', () => {
  const lockfile = { packages: { 'node_modules/quiet': {}, 'node_modules/loud': { hasInstallScript: true } } }
  const found = installScriptsIn(JSON.stringify(lockfile)).map(({ message }) => message)
  assert.deepEqual(found, ['node_modules/loud has an install script: do without it'])
})
