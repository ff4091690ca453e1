import assert from 'node:assert/strict'
import { asLeaderEpoch, asOffset, seededRandom } from '@millrace/kernel'
import { buildBatch, decodeBatches } from '@millrace/protocol'
import type { LogConfig, PartitionLog } from '@millrace/storage'
import type { Luck } from './faulty-file.ts'
import { FaultyFileSystem } from './faulty-file-system.ts'
import { concat, LogWorld, readAt, worldStartMs } from './log-world.ts'

/** How it ends: the process is killed, or the power goes and of what was not synced some, nothing or all is kept. */
export type Ending = 'kill' | Luck

/** The partitions of the scenario, by the number that they have. */
const configs: readonly Partial<LogConfig>[] = [
  { segmentBytes: 1_500, indexIntervalBytes: 200 },
  { segmentBytes: 900, indexIntervalBytes: 100, retentionBytes: 2_000 },
  { segmentBytes: 900, indexIntervalBytes: 100, cleanupPolicy: ['compact'], minCleanableDirtyRatio: 0.01 },
  { segmentBytes: 1_200, indexIntervalBytes: 100, flushIntervalMessages: 2 },
]
const truncated = 0
const compacted = 2
const flushedEach = 3
const deletedLater = 4

/** What was written to a partition, and how far it must be there. */
interface Written {
  /** By offset, the last being what is there now: what was truncated may come back while the power is cut. */
  readonly values: string[][]
  end: number
  answered: number
  durable: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const keyOf = (offset: number): string => `key ${(offset * 7) % 10}`

/** Works on several partitions at once until everything ends. */
class Scenario {
  readonly world: LogWorld
  readonly partitions: Written[]
  #logs: PartitionLog[] = []

  constructor(files: FaultyFileSystem, partitions: Written[]) {
    this.partitions = partitions
    const cleaner = { cleanerDedupeBufferBytes: 100_000, cleanerIoBufferBytes: 8_192 }
    this.world = new LogWorld({ fileSystem: files, settings: { tailCacheBytes: 1, initialTaskDelayMs: 0, ...cleaner } })
  }

  async run(): Promise<void> {
    this.#logs = [...configs, {}].map((config, partition) => this.world.open(config, 'orders', partition))
    for (const log of this.#logs) log.startEpoch(asLeaderEpoch(0))
    for (let round = 0; round < 8; round += 1) {
      for (let partition = 0; partition < this.#logs.length; partition += 1) this.#appendTwice(partition)
      this.world.endTurn()
      await this.#settle()
      for (const log of this.#logs) log.setHighWatermark(log.logEndOffset)
      await this.#between(round)
    }
    await this.world.manager.close()
  }

  async #between(round: number): Promise<void> {
    if (round === 1 || round === 5) await this.#flushAll()
    if (round === 3) await this.#truncate()
    // The cleaner runs, retention is checked, checkpoints are written and files that were deleted go.
    if (round === 2 || round === 6) await this.world.clock.advance('6m')
    if (round === 4) {
      this.#logs.splice(deletedLater, 1)
      await this.world.manager.delete('orders', deletedLater)
    }
  }

  async #flushAll(): Promise<void> {
    for (const [partition, log] of this.#logs.entries()) {
      const until = Number(log.logEndOffset)
      await log.flush()
      this.partitions[partition]!.durable = until
    }
  }

  async #truncate(): Promise<void> {
    const written = this.partitions[truncated]!
    const to = written.end - 6
    written.end = to
    written.answered = Math.min(written.answered, to)
    written.durable = Math.min(written.durable, to)
    await this.#logs[truncated]!.truncateTo(asOffset(to))
    this.#logs[truncated]!.startEpoch(asLeaderEpoch(1))
  }

  #appendTwice(partition: number): void {
    const written = this.partitions[partition]!
    for (let i = 0; i < 2; i += 1) {
      const records = Array.from({ length: 3 }, () => {
        const offset = written.end
        const value = `partition ${partition} value ${offset} ${'x'.repeat(40)} ${written.values[offset]?.length ?? 0}`
        ;(written.values[offset] ??= []).push(value)
        written.end += 1
        return { key: encoder.encode(keyOf(offset)), value: encoder.encode(value), timestampMs: worldStartMs + offset }
      })
      const leaderEpoch = this.#logs[partition]!.latestEpoch
      this.#logs[partition]!.append({ records: buildBatch({ records }), origin: 'client', leaderEpoch }, (outcome) => {
        if (!outcome.ok) return
        written.answered = Math.max(written.answered, outcome.lastOffset + 1)
        if (partition === flushedEach) written.durable = Math.max(written.durable, outcome.lastOffset + 1)
      })
    }
  }

  // Answers of a partition with flush.messages wait for its disk.
  async #settle(): Promise<void> {
    for (let i = 0; i < 200; i += 1) await Promise.resolve()
  }
}

export interface CrashedRun {
  readonly files: FaultyFileSystem
  readonly partitions: readonly Written[]
  readonly what: string
  /** How many answered records the end may have cost. */
  readonly atRisk: number
}

/** The changes that the scenario makes to its disk when nothing ends it. */
export async function changesOfScenario(): Promise<number> {
  const files = new FaultyFileSystem(seededRandom(1))
  await new Scenario(files, newPartitions()).run()
  return files.changeCount
}

const newPartitions = (): Written[] =>
  Array.from({ length: configs.length + 1 }, () => ({ values: [], end: 0, answered: 0, durable: 0 }))

/** Ends the scenario at one of its changes. */
export async function runUntilEnd(change: number, ending: Ending): Promise<CrashedRun> {
  const files = new FaultyFileSystem(seededRandom(change))
  files.cutPowerAfter(change)
  const partitions = newPartitions()
  try {
    await new Scenario(files, partitions).run()
  } catch (error) {
    if (!files.powerIsCut) throw error
  }
  const atRisk = partitions.reduce((sum, { answered, durable }) => sum + Math.max(0, answered - durable), 0)
  if (ending === 'kill') {
    files.killProcess()
    for (const written of partitions) written.durable = Math.max(written.durable, written.answered)
  } else files.restorePower(ending)
  return { files, partitions, what: `${ending} at change ${change}`, atRisk }
}

/** Opens what is left: nothing that was durable is missing, nothing is out of order, and the logs go on. */
export async function checkRecovered(run: CrashedRun): Promise<LogWorld> {
  const world = new LogWorld({ fileSystem: run.files, settings: { tailCacheBytes: 1, initialTaskDelayMs: 1e9 } })
  for (const [partition, config] of configs.entries()) {
    const log = world.open(config, 'orders', partition)
    assert.equal(log.offline, false, `${run.what}, partition ${partition}`)
    await checkRecords(log, run.partitions[partition]!, partition, run.what)
  }
  await checkGoesOn(world, run.what)
  return world
}

async function checkRecords(log: PartitionLog, written: Written, partition: number, what: string): Promise<void> {
  const where = `${what}, partition ${partition}`
  assert.ok(log.logEndOffset >= written.durable, `${where} ends at ${log.logEndOffset}, ${written.durable} was durable`)
  const found = new Map<number, string>()
  let last = -1
  for (let at = Number(log.logStartOffset); at < log.logEndOffset;) {
    const batches = decodeBatches(concat(await readAt(log, at, 2_000)))
    if (batches.length === 0) break
    for (const { offset, value } of batches.flatMap((batch) => batch.records)) {
      assert.ok(offset > last, `${where} has ${offset} after ${last}`)
      last = offset
      if (offset >= at) found.set(offset, decoder.decode(value ?? undefined))
    }
    at = (batches.at(-1)?.lastOffset ?? at) + 1
  }
  for (let offset = Number(log.logStartOffset); offset < log.logEndOffset; offset += 1) {
    const value = found.get(offset)
    const values = written.values[offset] ?? []
    const isSure = offset < written.durable
    if (value === undefined) assert.ok(mayBeCompacted(offset, partition, found), `${where} lacks ${offset}`)
    else assert.ok(isSure ? value === values.at(-1) : values.includes(value), `${where} has ${value} at ${offset}`)
  }
  const first = [...found.keys()][0]
  const time = await log.findByTimestamp(0, log.logEndOffset)
  assert.equal(time?.offset, first, `${where}, by time`)
}

const mayBeCompacted = (offset: number, partition: number, found: ReadonlyMap<number, string>): boolean =>
  partition === compacted && [...found.keys()].some((later) => later > offset && keyOf(later) === keyOf(offset))

async function checkGoesOn(world: LogWorld, what: string): Promise<void> {
  const log = world.open(configs[truncated], 'orders', truncated)
  const next = Number(log.logEndOffset)
  const record = { key: encoder.encode('k'), value: encoder.encode('after'), timestampMs: worldStartMs }
  const outcome = world.append(log, buildBatch({ records: [record] }), 'client', 2)
  assert.ok(outcome.ok && outcome.baseOffset === next, what)
}
