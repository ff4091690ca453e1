import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sinceKafka } from './since-kafka.ts'

test('a version came with the release of the last one that is listed before it', () => {
  assert.deepEqual(
    [6, 7, 8, 10, 11].map((version) => sinceKafka('ListOffsets', version)),
    [null, '3.0', '3.5', '4.0', '4.2'],
  )
  assert.deepEqual([sinceKafka('ElectLeaders', 0), sinceKafka('ElectLeaders', 2)], ['2.2', '2.4'])
  assert.equal(sinceKafka('None', 0), null)
})
