import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { buildBatch } from '@millrace/protocol'
import { upTo } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'
import { BatchRun } from './batch-run.ts'
import { Chunk } from './chunk.ts'
import type { FetchedRecord } from './fetched-record.ts'
import { PartitionState } from './partition-state.ts'
import { Partitions } from './partitions.ts'
import type { ReadingContext } from './reader.ts'

/** Records that take several turns of the event loop, and one of them that the first turn takes. */
const [many, early] = [1_000, 100]
const options = { checkCrcs: true, decompressedBytesMax: 1_000_000 }

function chunkFrom(state: PartitionState, offset: number): Chunk {
  const batch = (baseOffset: number): Uint8Array =>
    buildBatch({
      baseOffset,
      leaderEpoch: 3,
      records: upTo(10).map(() => ({ key: null, value: Buffer.alloc(1_000), timestampMs: 1_000 })),
    })
  const bytes = Buffer.concat(upTo((many - offset) / 10).map((i) => batch(offset + 10 * i)))
  return new Chunk(state, bytes, null, options, 'b:9092')
}

/** A run over partitions that have a chunk each; `onTaken` is called with what is taken for a batch. */
function runOver(t: TestContext, partitionCount: number, onTaken: (record: FetchedRecord) => void = () => undefined) {
  const partitions = new Partitions()
  const states = upTo(partitionCount).map((partition) => new PartitionState({ topic: 'orders', partition }, 0))
  for (const state of states) {
    state.add(chunkFrom(state, 0))
    partitions.add(state)
  }
  let [turns, roomMade] = [0, 0]
  const given: { readonly partition: number; readonly offsets: readonly number[]; readonly turns: number }[] = []
  const nothing = (): void => undefined
  const context: ReadingContext = {
    roomMade: () => (roomMade += 1),
    serveLater: nothing,
    atEnd: () => states.every(({ position }) => position === many),
    closed: () => false,
    start: nothing,
    cameBack: nothing,
    settle: () => Promise.resolve(),
    takeFailure: () => undefined,
    nowMs: () => 0,
    taken: nothing,
  }
  const present = (record: FetchedRecord): FetchedRecord => {
    onTaken(record)
    return record
  }
  const limits = { partitionsConcurrently: partitionCount, recordsMax: Infinity }
  const run = new BatchRun(partitions, context, limits, present, ({ state: { partition }, records }) => {
    given.push({ partition, offsets: records.map(({ offset }) => offset), turns })
    return Promise.resolve()
  })
  const count = (): void => {
    turns += 1
    ticking = setImmediate(count)
  }
  let ticking = setImmediate(count)
  t.after(() => clearImmediate(ticking))
  return { states, run, given, roomMade: () => roomMade }
}

/** A run over one partition, to which this happens while its first batch is gathered. */
function interrupted(t: TestContext, happens: (state: PartitionState, run: BatchRun<FetchedRecord>) => void) {
  let isFirst = true
  const world = runOver(t, 1, ({ offset }) => {
    if (offset !== early || !isFirst) return
    isFirst = false
    queueMicrotask(() => happens(state, world.run))
  })
  const state = world.states[0]!
  return { ...world, state, idle: () => until('nobody works on it', () => !state.inHand) }
}

test('a batch is all that a fetch brought, and the event loop turns while it is gathered', async (t) => {
  const { run, given } = runOver(t, 1)
  await run.run()
  assert.equal(given.length, 1)
  assert.deepEqual(given[0]?.offsets, upTo(many))
  assert.ok(given[0].turns >= 3, `${given[0].turns} turns`)
})

test('partitions that are worked on at one time share a turn of the event loop', async (t) => {
  const { run, given } = runOver(t, 3)
  await run.run()
  assert.deepEqual(new Set(given.map(({ partition }) => partition)), new Set(upTo(3)))
  assert.equal(given.length, 3)
  for (const { offsets } of given) assert.deepEqual(offsets, upTo(many))
  assert.ok(given.at(-1)!.turns >= 10, `${given.at(-1)!.turns} turns`)
})

test('what is gathered of a partition that is paused is fetched again, and comes as a whole when it goes on', async (t) => {
  const { run, given, roomMade, state, idle } = interrupted(t, (it) => (it.paused = true))
  const running = run.run()
  await idle()
  assert.deepEqual([given.length, state.position, state.fetchOffset, state.fetchEpoch], [0, 0, 0, -1])
  assert.equal(roomMade(), 1)
  state.paused = false
  state.add(chunkFrom(state, 0))
  run.serve()
  await running
  assert.deepEqual(given[0]?.offsets, upTo(many))
})

test('what is gathered of a partition that is moved does not come out', async (t) => {
  const { run, given, state, idle } = interrupted(t, (it) => it.moveTo(500))
  const running = run.run()
  await idle()
  assert.deepEqual([given.length, state.position, state.doneOffset], [0, 500, 500])
  state.add(chunkFrom(state, 500))
  run.serve()
  await running
  assert.deepEqual(
    given[0]?.offsets,
    upTo(500).map((i) => i + 500),
  )
})

test('what is gathered of a partition that goes does not come out, and whoever takes it away need not wait', async (t) => {
  const { run, given, state, idle } = interrupted(t, (it, mine) => {
    it.held = true
    mine.revoked(it)
  })
  const running = run.run()
  assert.ok(state.inHand, 'a batch is being gathered')
  await idle()
  assert.deepEqual([given.length, state.doneOffset], [0, 0])
  await run.end()
  await running
})

test('what is gathered when the run ends does not come out, and is not done', async (t) => {
  let ending: Promise<void> | undefined
  const { run, given, state } = interrupted(t, (_, mine) => {
    ending = mine.end()
  })
  await run.run()
  await ending
  assert.deepEqual([given.length, state.doneOffset, state.inHand], [0, 0, false])
})

test('what comes again because its batch failed is read behind the epoch of what was done', async (t) => {
  const { run, state } = interrupted(t, (_, mine) => mine.fail(new Error('no')))
  state.doneEpoch = 2
  await assert.rejects(run.run(), /no/)
  assert.deepEqual([state.fetchOffset, state.fetchEpoch], [0, 2])
})

test('records before one that cannot be shown are a batch, in whichever turn it is found', async (t) => {
  const { run, given } = runOver(t, 1, ({ offset }) => {
    if (offset === 900) throw new Error('no')
  })
  await assert.rejects(run.run(), /no/)
  assert.deepEqual(given[0]?.offsets, upTo(900))
})
