import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asOffset } from '@millrace/kernel'
import { buildMarkerBatch } from '@millrace/protocol'
import { batchOf, FaultyFileSystem, LogWorld, worldStartMs } from '@millrace/testkit/storage'
import { seededRandom } from '@millrace/kernel'
import { ProducerState } from '../producer/producer-state.ts'
import type { AppendOutcome, PartitionLog } from './partition-log.ts'

const said = (outcome: AppendOutcome): string =>
  outcome.ok ? `${outcome.baseOffset}-${outcome.lastOffset}${outcome.duplicate ? ' again' : ''}` : outcome.error

function send(world: LogWorld, log: PartitionLog, baseSequence: number, count = 1, producerEpoch = 0): string {
  const values = Array.from({ length: count }, (_, i) => `value ${baseSequence + i}`)
  return said(world.append(log, batchOf(values, { producerId: 7, producerEpoch, baseSequence })))
}

test('a repeat of one of the last five batches is answered with its first offsets and written once', () => {
  const world = new LogWorld()
  const log = world.open()
  for (let i = 0; i < 6; i += 1) assert.equal(send(world, log, 2 * i, 2), `${2 * i}-${2 * i + 1}`)
  for (let i = 1; i < 6; i += 1) assert.equal(send(world, log, 2 * i, 2), `${2 * i}-${2 * i + 1} again`)
  assert.equal(send(world, log, 0, 2), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal(log.logEndOffset, 12)
})

test('a repeat within the same turn is known as well', () => {
  const world = new LogWorld()
  const log = world.open()
  const answers: string[] = []
  const batch = () => batchOf(['a'], { producerId: 7, producerEpoch: 0, baseSequence: 0 })
  const leaderEpoch = log.latestEpoch
  for (let i = 0; i < 2; i += 1)
    log.append({ records: batch(), origin: 'client', leaderEpoch }, (o) => answers.push(said(o)))
  world.endTurn()
  assert.deepEqual(answers, ['0-0', '0-0 again'])
})

test('a gap in the sequence, a new epoch not from 0 and an old epoch are refused', () => {
  const world = new LogWorld()
  const log = world.open()
  assert.equal(send(world, log, 0), '0-0')
  assert.equal(send(world, log, 2), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal(send(world, log, 5, 1, 1), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal(send(world, log, 0, 1, 1), '1-1')
  assert.equal(send(world, log, 1, 1, 0), 'INVALID_PRODUCER_EPOCH')
})

test('sequences go on at 0 after 2^31-1, also within a batch', () => {
  const world = new LogWorld()
  const log = world.open()
  assert.equal(send(world, log, 0x7fff_fffe, 4), '0-3')
  assert.equal(send(world, log, 0x7fff_fffe, 4), '0-3 again')
  assert.equal(send(world, log, 2), '4-4')
  assert.equal(send(world, log, 0x7fff_ffff), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
})

test('a producer nobody knows may start anywhere: its records went with retention', () => {
  const world = new LogWorld()
  assert.equal(send(world, world.open(), 41), '0-0')
})

test('the last five batches of a producer are known after a crash and after a clean stop', async () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files })
  const config = { segmentBytes: 300 }
  for (let i = 0; i < 8; i += 1) send(world, world.open(config), i)
  files.killProcess()
  world.startAgain()
  for (let i = 3; i < 8; i += 1) assert.equal(send(world, world.open(config), i), `${i}-${i} again`)
  await world.restart()
  for (let i = 3; i < 8; i += 1) assert.equal(send(world, world.open(config), i), `${i}-${i} again`)
  assert.equal(send(world, world.open(config), 8), '8-8')
})

test('what Kafka wrote since is right: batches that do not go with its snapshot are left out', async () => {
  const world = new LogWorld()
  for (let i = 0; i < 3; i += 1) send(world, world.open(), i)
  await world.manager.close()
  const state = new ProducerState()
  const batch = batchOf(['theirs'], { producerId: 7, producerEpoch: 0, baseSequence: 9, baseOffset: 2 })
  state.accept(batch, 0, 'replication')
  const path = `/data/orders-0/${'3'.padStart(20, '0')}.snapshot`
  world.fileSystem.open(path, 'existing').write([state.snapshot()], 0)
  world.startAgain()
  assert.equal(send(world, world.open(), 1), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal(send(world, world.open(), 10), '3-3')
})

test('what a failed write brought is forgotten: the producer sends it again and it is written', () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files })
  const log = world.open()
  assert.equal(send(world, log, 0), '0-0')
  files.failNext({ on: 'write', error: 'EIO' })
  assert.equal(send(world, log, 1), 'KAFKA_STORAGE_ERROR')
  assert.equal(send(world, log, 1), '1-1')
})

test('a producer that wrote nothing for producer.id.expiration.ms is forgotten', async () => {
  const world = new LogWorld()
  const log = world.open()
  send(world, log, 0)
  await world.clock.advance('23h')
  assert.equal(log.producers().length, 1)
  await world.clock.advance('2h')
  assert.equal(log.producers().length, 0)
})

test('the last stable offset waits for the marker, and for it to be below the high watermark', () => {
  const world = new LogWorld()
  const log = world.open()
  const producer = { producerId: 9, producerEpoch: 0 }
  world.append(log, batchOf(['plain']))
  world.append(log, batchOf(['in a transaction'], { ...producer, transactional: true, baseSequence: 0 }))
  world.append(log, batchOf(['plain']))
  log.setHighWatermark(log.logEndOffset)
  assert.equal(log.lastStableOffset, 1)
  const marker = { ...producer, committed: false, coordinatorEpoch: 1, timestampMs: worldStartMs }
  world.append(log, buildMarkerBatch(marker), 'coordinator')
  assert.equal(log.lastStableOffset, 1)
  log.setHighWatermark(log.logEndOffset)
  assert.equal(log.lastStableOffset, 4)
  assert.deepEqual(log.abortedTransactions(asOffset(0), asOffset(4)), [{ producerId: 9, firstOffset: 1 }])
  assert.deepEqual(log.abortedTransactions(asOffset(0), asOffset(1)), [])
})

test('records outside of the open transaction of their producer are refused', () => {
  const world = new LogWorld()
  const log = world.open()
  const producer = { producerId: 9, producerEpoch: 0 }
  world.append(log, batchOf(['in'], { ...producer, transactional: true, baseSequence: 0 }))
  const outside = world.append(log, batchOf(['out'], { ...producer, baseSequence: 1 }))
  assert.equal(said(outside), 'INVALID_TXN_STATE')
})

test('aborted transactions are listed again after a crash', () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files })
  const log = world.open()
  const producer = { producerId: 9, producerEpoch: 0 }
  world.append(log, batchOf(['x'], { ...producer, transactional: true, baseSequence: 0 }))
  const marker = { ...producer, committed: false, coordinatorEpoch: 1, timestampMs: worldStartMs }
  world.append(log, buildMarkerBatch(marker), 'coordinator')
  files.killProcess()
  world.startAgain()
  const again = world.open()
  assert.deepEqual(again.abortedTransactions(asOffset(0), asOffset(2)), [{ producerId: 9, firstOffset: 0 }])
})
