import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose } from '../../tools/test-choice.ts'

const suites = [
  { name: 'unit', files: 'unit' },
  { name: 'unit on an old Node', files: 'unit' },
  { name: 'hostile', files: 'hostile' },
  { name: 'long', files: 'long', long: true },
] as const
const files: Readonly<Record<string, readonly string[]>> = {
  unit: ['packages/fuzz/src/frames.test.ts'],
  hostile: ['tests/hostile/fuzz.test.ts', 'tests/hostile/frames.test.ts'],
  long: ['tests/long/fuzz.test.ts', 'tests/long/kill-storm.test.ts', 'tests/long/killed.test.ts'],
}

function chosen(...wanted: readonly string[]): Record<string, readonly string[]> {
  const found = choose(suites, wanted, (glob) => files[glob] ?? [])
  assert.deepEqual(found.unknown, [])
  return Object.fromEntries(found.chosen.map(({ suite, files: some }) => [suite.name, some]))
}

test('nothing that is named means every suite but those that are long', () => {
  assert.deepEqual(Object.keys(chosen()), ['unit', 'unit on an old Node', 'hostile'])
})

test('a suite is named by how it begins, and runs whole', () => {
  assert.deepEqual(chosen('long'), { long: files['long'] })
  assert.deepEqual(Object.keys(chosen('unit', 'hos')), ['unit', 'unit on an old Node', 'hostile'])
})

test('a name that is no suite is a part of the names of files', () => {
  assert.deepEqual(chosen('long', 'fuzz'), { long: ['tests/long/fuzz.test.ts'] })
  assert.deepEqual(chosen('long', 'kill'), { long: ['tests/long/kill-storm.test.ts', 'tests/long/killed.test.ts'] })
  assert.deepEqual(chosen('hostile', 'long', 'fuzz', 'killed'), {
    hostile: ['tests/hostile/fuzz.test.ts'],
    long: ['tests/long/fuzz.test.ts', 'tests/long/killed.test.ts'],
  })
})

test('a file that is named without its suite is looked for in all but the long ones', () => {
  assert.deepEqual(chosen('fuzz'), { hostile: ['tests/hostile/fuzz.test.ts'] })
})

test('a name that nothing has is said', () => {
  assert.deepEqual(choose(suites, ['long', 'frames', 'fuzz'], (glob) => files[glob] ?? []).unknown, ['frames'])
})
