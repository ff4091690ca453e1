// How much of a log a start reads, counted on the file interface.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@millrace/kernel'
import { batchOf, FaultyFileSystem, LogWorld } from '@millrace/testkit/storage'
import type { PartitionLog } from './partition-log.ts'

const config = { segmentBytes: 200_000, indexIntervalBytes: 4_096 }
const value = 'x'.repeat(900)

/** Bytes that were read of the segments, by file. */
function countReads(files: FaultyFileSystem): Map<string, number> {
  const counted = new Map<string, number>()
  const open = files.open.bind(files)
  files.open = (path, mode) => {
    const file = open(path, mode)
    const read = (target: Uint8Array, position: number): number => {
      const got = file.read(target, position)
      counted.set(path, (counted.get(path) ?? 0) + got)
      return got
    }
    return path.endsWith('.log') ? { ...file, read } : file
  }
  return counted
}

function fill(world: LogWorld, log: PartitionLog, batches: number): void {
  for (let i = 0; i < batches; i += 1) assert.ok(world.append(log, batchOf([value])).ok)
}

const sum = (counted: ReadonlyMap<string, number>): number => [...counted.values()].reduce((all, one) => all + one, 0)

async function readAfterCleanStop(batches: number): Promise<number> {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files })
  fill(world, world.open(config), batches)
  await world.manager.close()
  const counted = countReads(files)
  assert.equal(new LogWorld({ fileSystem: files }).open(config).logEndOffset, batches)
  return sum(counted)
}

test('after a clean stop a start reads what lies behind the last index entry, however long the log is', async () => {
  const [short, long] = [await readAfterCleanStop(300), await readAfterCleanStop(3_000)]
  const most = config.indexIntervalBytes + 3 * value.length
  assert.ok(short <= most && long <= most, `${short} and ${long} bytes were read`)
})

test('after a crash a start reads what lies past the recovery point, and nothing before it', async () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files })
  const log = world.open(config)
  fill(world, log, 1_000)
  await log.flush()
  await world.clock.advance('2m')
  fill(world, log, 250)
  const pastBytes = 250 * batchOf([value]).length
  files.killProcess()
  const counted = countReads(files)
  assert.equal(new LogWorld({ fileSystem: files }).open(config).logEndOffset, 1_250)
  // Once for the batches, once for what they say of producers, and the stretch to the last index entry before them.
  const most = 2 * (pastBytes + config.segmentBytes)
  assert.ok(sum(counted) >= pastBytes && sum(counted) <= most, `${sum(counted)} bytes of ${pastBytes} were read`)
  const before = [...counted.keys()].filter((path) => Number(path.slice(-24, -4)) < 700)
  assert.deepEqual(before, [])
})
