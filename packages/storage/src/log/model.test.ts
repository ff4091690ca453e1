import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Random } from '@millrace/kernel'
import { asLeaderEpoch, asOffset, seededRandom } from '@millrace/kernel'
import { batchOf, FaultyFileSystem, LogWorld, readAll } from '@millrace/testkit/storage'
import type { PartitionLog } from './partition-log.ts'

/** What a log should be: values by offset, and who wrote what from where. */
class Model {
  values = new Map<number, string>()
  batches: number[] = []
  start = 0
  end = 0
  epoch = 0
  written = 0
}

interface Run {
  readonly random: Random
  readonly files: FaultyFileSystem
  readonly world: LogWorld
  readonly model: Model
  readonly config: { readonly segmentBytes: number; readonly indexIntervalBytes: number }
  log: PartitionLog
}

type Step = (run: Run) => void | Promise<void>

const steps: readonly (readonly [weight: number, name: string, step: Step])[] = [
  [40, 'append', append],
  [10, 'read', readSomewhere],
  [5, 'flush', (run) => run.log.flush()],
  [3, 'truncate', truncate],
  [3, 'delete records', deleteRecords],
  [2, 'new epoch', newEpoch],
  [2, 'restart', restart],
  [2, 'kill', kill],
  [2, 'failed write', failedWrite],
  [3, 'cut within a turn', cutWithinTurn],
  [2, 'retention', (run) => run.world.manager.runRetention()],
]

function append({ random, world, model, log }: Run): void {
  const batches = 1 + random.below(3)
  for (let i = 0; i < batches; i += 1) {
    const values = Array.from({ length: 1 + random.below(4) }, () => `value ${(model.written += 1)}`)
    const base = model.end
    values.forEach((value, at) => model.values.set(base + at, value))
    model.batches.push(base)
    model.end += values.length
    log.append({ records: batchOf(values), origin: 'client', leaderEpoch: asLeaderEpoch(model.epoch) }, (outcome) => {
      assert.deepEqual([outcome.ok, outcome.ok && Number(outcome.baseOffset)], [true, base])
    })
  }
  world.endTurn()
  log.setHighWatermark(log.logEndOffset)
}

async function readSomewhere({ random, model, log }: Run): Promise<void> {
  const from = model.start + random.below(model.end - model.start + 1)
  const expected = [...model.values].filter(([offset]) => offset >= from).toSorted((a, b) => a[0] - b[0])
  assert.deepEqual(await readAll(log, from), expected)
}

async function truncate({ random, model, log }: Run): Promise<void> {
  // Leader epochs begin with a batch, and so does what a follower cuts.
  const wanted = Math.max(model.start, model.end - random.below(12))
  const to = model.batches.find((base) => base >= wanted) ?? model.end
  await log.truncateTo(asOffset(to))
  for (const offset of model.values.keys()) if (offset >= to) model.values.delete(offset)
  model.end = to
  model.batches = model.batches.filter((base) => base < to)
}

async function deleteRecords({ random, model, log }: Run): Promise<void> {
  const to = model.start + random.below(model.end - model.start + 1)
  await log.advanceLogStart(asOffset(to))
  for (const offset of model.values.keys()) if (offset < to) model.values.delete(offset)
  model.start = to
}

function newEpoch({ model, log }: Run): void {
  model.epoch += 1
  log.startEpoch(asLeaderEpoch(model.epoch))
}

async function restart(run: Run): Promise<void> {
  await run.world.restart()
  run.log = run.world.open(run.config)
  run.log.setHighWatermark(run.log.logEndOffset)
}

// Checkpoints of the log's start are written once a minute: what DeleteRecords did since is forgotten, as in Kafka.
async function kill(run: Run): Promise<void> {
  await run.world.clock.advance('2m')
  run.files.killProcess()
  run.world.startAgain()
  run.log = run.world.open(run.config)
  run.log.setHighWatermark(run.log.logEndOffset)
}

function failedWrite({ files, world, log }: Run): void {
  files.failNext({ on: 'write', error: 'EIO' })
  const outcome = world.append(log, batchOf(['lost']))
  assert.equal(outcome.ok ? 'ok' : outcome.error, 'KAFKA_STORAGE_ERROR')
}

// A follower's truncation may come while a write of the same turn waits.
async function cutWithinTurn({ world, model, log }: Run): Promise<void> {
  const leaderEpoch = asLeaderEpoch(model.epoch)
  log.append({ records: batchOf(['cut']), origin: 'client', leaderEpoch }, (outcome) => assert.ok(outcome.ok))
  await log.truncateTo(asOffset(model.end))
  world.endTurn()
}

async function compare({ model, log }: Run): Promise<void> {
  assert.deepEqual([log.offline, Number(log.logStartOffset), Number(log.logEndOffset)], [false, model.start, model.end])
  assert.deepEqual(
    await readAll(log),
    [...model.values].toSorted((a, b) => a[0] - b[0]),
  )
}

async function runSeed(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const files = new FaultyFileSystem(random)
  const settings = { tailCacheBytes: [1, 3_000, 1_000_000][seed % 3] ?? 1 }
  const world = new LogWorld({ fileSystem: files, seed, settings })
  const config = { segmentBytes: 600 + random.below(2_000), indexIntervalBytes: 1 + random.below(500) }
  const run: Run = { random, files, world, model: new Model(), config, log: world.open(config) }
  const total = steps.reduce((sum, [weight]) => sum + weight, 0)
  const done: string[] = []
  try {
    for (let i = 0; i < 60; i += 1) {
      let at = random.below(total)
      const chosen = steps.find(([weight]) => (at -= weight) < 0)
      assert.ok(chosen !== undefined)
      done.push(chosen[1])
      await chosen[2](run)
      if (i % 10 === 9) await compare(run)
    }
    await compare(run)
  } catch (error) {
    throw new Error(`seed ${seed} failed after: ${done.join(', ')}`, { cause: error })
  }
}

test('a log and a plain model agree after any appends, reads, cuts, restarts and kills', async () => {
  const first = Number(process.env['MILLRACE_SEED'] ?? 1)
  const count = Number(process.env['MILLRACE_SEEDS'] ?? 80)
  for (let seed = first; seed < first + count; seed += 1) await runSeed(seed)
})
