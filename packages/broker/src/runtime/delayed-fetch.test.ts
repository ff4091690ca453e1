import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBudget, movableClock } from '@millrace/kernel'
import { fetchRequest } from '@millrace/protocol'
import type { FetchResult } from './delayed-fetch.ts'
import { DelayedFetch } from './delayed-fetch.ts'
import { FetchInterest } from './fetch-interest.ts'
import type { FetchOptions, FetchWorld } from './fetch-read.ts'
import { noteAnswer } from './fetch-session.ts'
import type { DataWaiter } from './partition.ts'

/** A partition whose log the test makes longer; every record has ten bytes. */
class FakePartition {
  readonly waiters = new Set<DataWaiter>()
  readonly index: number
  readableBytes = 0
  end = 5
  stable = Infinity
  start = 0
  isLost = false

  constructor(index: number) {
    this.index = index
  }

  get log() {
    const { end, start } = this
    const read = ({ fromOffset, untilOffset }: { fromOffset: number; untilOffset: number }) => {
      const sizeBytes = 10 * (untilOffset - fromOffset)
      return { ok: true, chunks: [new Uint8Array(sizeBytes)], sizeBytes, release: () => {} }
    }
    const lastStableOffset = Math.min(end, this.stable)
    const abortedTransactions = (): [] => []
    const isCold = () => false
    return {
      logStartOffset: start,
      highWatermark: end,
      lastStableOffset,
      logEndOffset: end,
      read,
      isCold,
      abortedTransactions,
    }
  }

  addDataWaiter(waiter: DataWaiter): void {
    this.waiters.add(waiter)
  }

  removeDataWaiter(waiter: DataWaiter): void {
    this.waiters.delete(waiter)
  }

  leaderError(): string | null {
    return this.isLost ? 'NOT_LEADER_OR_FOLLOWER' : null
  }

  append(): void {
    this.end += 1
    this.readableBytes += 10
    this.wake()
  }

  wake(): void {
    for (const waiter of Array.from(this.waiters)) waiter.partitionMoved()
  }
}

const stillHost = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }

/** A session of one client with so many partitions, all of them at their end. */
class Bench {
  readonly partitions: FakePartition[]
  readonly interest: FetchInterest
  readonly clock = movableClock(stillHost, assert.ifError)
  /** Partitions that were looked at, in turn. */
  looked: number[] = []
  #offsets: number[]

  constructor(count: number, isolationLevel = 0) {
    this.partitions = Array.from({ length: count }, (_, index) => new FakePartition(index))
    this.#offsets = this.partitions.map(({ end }) => end)
    this.interest = new FetchInterest(
      this.#request([...this.partitions.keys()], isolationLevel),
      false,
      () => undefined,
    )
  }

  #request(named: readonly number[], isolationLevel: number) {
    const partitions = named.map((partition) => {
      return { partition, fetchOffset: this.#offsets[partition] ?? 0, partitionMaxBytes: 100 }
    })
    const body = { maxWaitMs: 0, minBytes: 1, isolationLevel, topics: [{ topic: 'orders', partitions }] }
    return fetchRequest.decode(fetchRequest.encode(body, 12), 12)
  }

  /** The client names partitions that it has read further, or reads in another way. */
  ask(named: readonly number[], isolationLevel = 0): void {
    this.interest.update(this.#request(named, isolationLevel), () => undefined)
  }

  /** One fetch of the session, with what it answered last. */
  fetch(options: Partial<FetchOptions> = {}): {
    answers: { partition: number; bytes: number; error: number }[] | null
  } {
    const fetch: ReturnType<Bench['fetch']> = { answers: null }
    this.looked = []
    const leader = (_image: unknown, _topic: string, index: number) => {
      this.looked.push(index)
      const partition = this.partitions[index]
      return partition?.leaderError() ?? partition
    }
    const coldPace = { take: () => Infinity }
    const world = { partitions: { leader }, image: () => ({}), responseBytes: new ByteBudget(1_000_000), coldPace }
    const done = ({ asked, partitions }: FetchResult): void => {
      fetch.answers = asked.flatMap((one, i) => {
        const answer = partitions[i]
        if (answer === undefined || !noteAnswer(this.interest, one, answer)) return []
        if (answer.errorCode === 0) this.#offsets[one.partition]! += answer.sizeBytes / 10
        return { partition: one.partition, bytes: answer.sizeBytes, error: answer.errorCode }
      })
    }
    const wish = {
      minBytes: 1,
      maxBytes: 1_000,
      maxWaitMs: 500,
      readCommitted: false,
      replicaId: -1,
      usesTopicIds: false,
    }
    const outcome = { done, failed: assert.ifError }
    new DelayedFetch(
      world as unknown as FetchWorld,
      this.clock,
      this.interest,
      { ...wish, ...options },
      outcome,
    ).start()
    return fetch
  }
}

/** The client has been told of all partitions, and knows that it has. */
function settled(count: number, isolationLevel = 0): Bench {
  const bench = new Bench(count, isolationLevel)
  const readCommitted = isolationLevel === 1
  bench.fetch({ maxWaitMs: 0, readCommitted })
  bench.fetch({ maxWaitMs: 0, readCommitted })
  return bench
}

test('of a session only those partitions are looked at that moved, or that the client named', () => {
  const bench = settled(1_000)
  const nothing = bench.fetch({ maxWaitMs: 0 })
  assert.deepEqual([nothing.answers, bench.looked], [[], []])
  bench.partitions[7]?.append()
  assert.deepEqual(bench.fetch().answers, [{ partition: 7, bytes: 10, error: 0 }])
  assert.deepEqual(bench.looked, [7])
  bench.ask([7, 8])
  bench.partitions[9]?.append()
  assert.deepEqual(bench.fetch().answers, [{ partition: 9, bytes: 10, error: 0 }])
  assert.deepEqual(bench.looked, [8, 9, 7])
})

test('a fetch that waits is woken once enough came in all its partitions together, and looks at those alone', () => {
  const bench = settled(100)
  const fetch = bench.fetch({ minBytes: 30 })
  bench.partitions[3]?.append()
  bench.partitions[50]?.append()
  assert.deepEqual([fetch.answers, bench.looked], [null, []])
  bench.partitions[3]?.append()
  assert.deepEqual(bench.looked, [3, 50])
  assert.deepEqual(
    fetch.answers?.map(({ partition, bytes }) => [partition, bytes]),
    [
      [3, 20],
      [50, 10],
    ],
  )
})

test('what too little came of is answered at the deadline', async () => {
  const bench = settled(100)
  const fetch = bench.fetch({ minBytes: 30 })
  bench.partitions[3]?.append()
  await bench.clock.advance(499)
  assert.equal(fetch.answers, null)
  await bench.clock.advance(1)
  assert.deepEqual(fetch.answers, [{ partition: 3, bytes: 10, error: 0 }])
})

test('a partition that is no longer led here is answered at once', () => {
  const bench = settled(100)
  const fetch = bench.fetch()
  const lost = bench.partitions[3]
  assert.ok(lost !== undefined)
  lost.isLost = true
  lost.wake()
  assert.deepEqual(fetch.answers, [{ partition: 3, bytes: 0, error: 6 }])
  assert.deepEqual([bench.looked, lost.waiters.size], [[3], 0])
  // As long as it fails it is looked at each time; then it is told that it is well again.
  assert.deepEqual(bench.fetch().answers, [{ partition: 3, bytes: 0, error: 6 }])
  lost.isLost = false
  assert.deepEqual(bench.fetch({ maxWaitMs: 0 }).answers, [{ partition: 3, bytes: 0, error: 0 }])
})

test('a partition whose log starts elsewhere is told, though there is nothing to read', () => {
  const bench = settled(100)
  const moved = bench.partitions[3]
  assert.ok(moved !== undefined)
  moved.start = 2
  moved.wake()
  assert.deepEqual(bench.fetch({ maxWaitMs: 0 }).answers, [{ partition: 3, bytes: 0, error: 0 }])
  assert.deepEqual(bench.fetch({ maxWaitMs: 0 }).answers, [])
  assert.deepEqual(bench.fetch({ maxWaitMs: 0 }).answers, [])
  assert.deepEqual(bench.looked, [])
})

test('behind an open transaction a reader of what is committed goes on waiting, and is woken when it ends', () => {
  const bench = settled(10, 1)
  const partition = bench.partitions[3]
  assert.ok(partition !== undefined)
  partition.stable = 5
  const fetch = bench.fetch({ readCommitted: true })
  partition.append()
  assert.equal(fetch.answers, null)
  partition.stable = Infinity
  partition.append()
  assert.deepEqual(fetch.answers, [{ partition: 3, bytes: 20, error: 0 }])
})

test('who asks for uncommitted records from now on is given them', () => {
  const bench = settled(10, 1)
  const partition = bench.partitions[3]
  assert.ok(partition !== undefined)
  partition.stable = 5
  partition.append()
  bench.fetch({ readCommitted: true, maxWaitMs: 0 })
  bench.fetch({ readCommitted: true, maxWaitMs: 0 })
  bench.ask([], 0)
  assert.deepEqual(bench.fetch().answers, [{ partition: 3, bytes: 10, error: 0 }])
})

test('who was given records comes last, so that none starves where not all fit', () => {
  const bench = settled(3)
  const order: number[] = []
  for (let round = 0; round < 6; round += 1) {
    for (const partition of bench.partitions) partition.append()
    for (const { partition, bytes } of bench.fetch({ maxBytes: 10 }).answers ?? []) {
      if (bytes > 0) order.push(partition)
      bench.ask([partition])
    }
  }
  assert.deepEqual(order.slice(0, 6), [0, 1, 2, 0, 1, 2])
})

test('a session that nobody uses is told once of each partition, and one that ended never', () => {
  const bench = settled(10)
  const partition = bench.partitions[3]
  assert.ok(partition !== undefined)
  assert.equal(partition.waiters.size, 1)
  partition.append()
  assert.equal(partition.waiters.size, 0)
  bench.interest.close()
  assert.ok(bench.partitions.every(({ waiters }) => waiters.size === 0))
})

test('a session that ends under a fetch lets it come to its end', () => {
  const bench = settled(10)
  const fetch = bench.fetch()
  bench.interest.close()
  bench.partitions[3]?.append()
  assert.deepEqual(fetch.answers, [{ partition: 3, bytes: 10, error: 0 }])
  assert.ok(bench.partitions.every(({ waiters }) => waiters.size === 0))
})
