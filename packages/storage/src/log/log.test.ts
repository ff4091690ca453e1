import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import { batchOf, concat, LogWorld, readAll, readAt } from '@millrace/testkit/storage'
import type { AppendOutcome } from './partition-log.ts'

function offsetsOf(outcome: AppendOutcome): [number, number] {
  assert.ok(outcome.ok, outcome.ok ? '' : `${outcome.error}: ${outcome.message}`)
  return [outcome.baseOffset, outcome.lastOffset]
}

test('appends get consecutive offsets and are read back in order from the tail', async () => {
  const world = new LogWorld()
  const log = world.open()
  assert.deepEqual(offsetsOf(world.append(log, batchOf(['a', 'b']))), [0, 1])
  assert.deepEqual(offsetsOf(world.append(log, batchOf(['c']))), [2, 2])
  assert.deepEqual(await readAll(log), [
    [0, 'a'],
    [1, 'b'],
    [2, 'c'],
  ])
  const read = log.read({ fromOffset: asOffset(2), untilOffset: log.logEndOffset, maxBytes: 1_000, minOneBatch: true })
  assert.ok(!(read instanceof Promise), 'the tail is read without a file')
})

test('all appends of a turn are one write, answered in order after it', () => {
  const world = new LogWorld()
  const log = world.open()
  const answered: string[] = []
  log.onWritten(() => answered.push(`written to ${log.logEndOffset}`))
  const leaderEpoch = asLeaderEpoch(0)
  log.append({ records: batchOf(['a']), origin: 'client', leaderEpoch }, (o) => answered.push(`a ${offsetsOf(o)[0]}`))
  log.append({ records: new Uint8Array(3), origin: 'client', leaderEpoch }, (o) => answered.push(String(o.ok)))
  log.append({ records: batchOf(['b']), origin: 'client', leaderEpoch }, (o) => answered.push(`b ${offsetsOf(o)[0]}`))
  assert.deepEqual(answered, [])
  assert.equal(log.logEndOffset, 0)
  world.endTurn()
  assert.deepEqual(answered, ['written to 2', 'a 0', 'false', 'b 1'])
})

test('what left the tail is read from the files, over segments, and is the same', async () => {
  const world = new LogWorld({ settings: { tailCacheBytes: 1 } })
  const log = world.open({ segmentBytes: 2_000, indexIntervalBytes: 100 })
  const expected: [number, string][] = []
  for (let i = 0; i < 100; i += 1) {
    world.append(log, batchOf([`value ${i}`]))
    expected.push([i, `value ${i}`])
  }
  assert.deepEqual(await readAll(log), expected)
  for (let i = 0; i < 100; i += 1) assert.deepEqual((await readAll(log, i))[0], [i, `value ${i}`])
})

test('a clean stop keeps everything and the next start reads it', async () => {
  const world = new LogWorld()
  world.append(world.open(), batchOf(['a', 'b', 'c']))
  await world.restart()
  const log = world.open()
  assert.equal(log.logEndOffset, 3)
  assert.deepEqual(offsetsOf(world.append(log, batchOf(['d']))), [3, 3])
  assert.deepEqual(
    (await readAll(log)).map(([, value]) => value),
    ['a', 'b', 'c', 'd'],
  )
})

test('a read gives whole batches up to its limit, the first one even beyond it', async () => {
  const world = new LogWorld()
  const log = world.open()
  const size = batchOf(['0123456789']).length
  for (let i = 0; i < 3; i += 1) world.append(log, batchOf(['0123456789']))
  assert.equal(concat(await readAt(log, 0, 2 * size + 1)).length, 2 * size)
  assert.equal(concat(await readAt(log, 0, 1)).length, size)
  const none = await log.read({ fromOffset: asOffset(0), untilOffset: asOffset(3), maxBytes: 1, minOneBatch: false })
  assert.equal(concat(none).length, 0)
  const below = await log.read({
    fromOffset: asOffset(0),
    untilOffset: asOffset(1),
    maxBytes: 9_999,
    minOneBatch: true,
  })
  assert.equal(concat(below).length, size)
})

test('offsets outside of the log are out of range, the end itself is empty', async () => {
  const world = new LogWorld()
  const log = world.open()
  world.append(log, batchOf(['a']))
  const beyond = await readAt(log, 2, 100)
  assert.equal(beyond.ok ? 'ok' : beyond.error, 'OFFSET_OUT_OF_RANGE')
  assert.equal(concat(await readAt(log, 1, 100)).length, 0)
})
