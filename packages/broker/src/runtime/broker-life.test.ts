import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asBrokerEpoch } from '@millrace/kernel'
import { memoryFileSystem } from '@millrace/storage'
import { intactSince, readBrokerLife, writeBrokerLife } from './broker-life.ts'

const life = {
  epoch: asBrokerEpoch(9),
  intactSince: asBrokerEpoch(4),
  bootId: 'boot',
  stoppedCleanly: false,
  directoryIds: ['a', 'b'],
}

test('data is whole after a clean stop or in the same boot, with all directories that there were', () => {
  assert.equal(intactSince(life, 'boot', ['a', 'b', 'new']), 4)
  assert.equal(intactSince({ ...life, stoppedCleanly: true }, 'another boot', ['b', 'a']), 4)
  assert.equal(intactSince(life, 'another boot', ['a', 'b']), null)
  assert.equal(intactSince(life, 'boot', ['a']), null)
  assert.equal(intactSince(null, 'boot', ['a']), null)
})

test('a life is read as it was written', () => {
  const files = memoryFileSystem()
  files.makeDirectory('/data')
  assert.equal(readBrokerLife(files, '/data'), null)
  writeBrokerLife(files, '/data', life)
  assert.deepEqual(readBrokerLife(files, '/data'), life)
})
