// What a power cut may leave of files below the recovery point, where no recovery looks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asOffset, seededRandom } from '@millrace/kernel'
import { buildBatch } from '@millrace/protocol'
import { batchOf, FaultyFileSystem, LogWorld, readAll, worldStartMs } from '@millrace/testkit/storage'

const config = { segmentBytes: 600, indexIntervalBytes: 100 }
const atMs = (ms: number): Uint8Array =>
  buildBatch({ records: [{ key: null, value: new Uint8Array(100), timestampMs: worldStartMs + ms }] })

test('what was cut off stays off after a clean stop, though nothing was written since', async () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files })
  const log = world.open(config)
  for (const value of ['a', 'b', 'c']) world.append(log, batchOf([value]))
  await log.flush()
  await log.truncateTo(asOffset(1))
  await world.manager.close()
  files.restorePower('none')
  world.startAgain()
  assert.deepEqual(await readAll(world.open(config)), [[0, 'a']])
})

test('what a crash tore off stays off after a clean stop', async () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files })
  world.append(world.open(config), batchOf(['a']))
  await world.restart()
  const torn = batchOf(['b'])
  const file = files.open('/data/orders-0/00000000000000000000.log', 'existing')
  file.write([torn.subarray(0, torn.length - 1)], batchOf(['a']).length)
  file.sync()
  files.killProcess()
  world.startAgain()
  world.open(config)
  await world.manager.close()
  files.restorePower('none')
  const size = files.stat('/data/orders-0/00000000000000000000.log')?.sizeBytes
  assert.equal(size, batchOf(['a']).length)
})

test('indexes that are built anew are whole or the old ones, whenever the power is cut', async () => {
  const index = '/data/orders-0/00000000000000000000.index'
  for (let seed = 1; seed <= 60; seed += 1) {
    const files = new FaultyFileSystem(seededRandom(seed))
    const world = new LogWorld({ fileSystem: files })
    const log = world.open(config)
    for (const ms of [0, 1_000_000, 500_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]) world.append(log, atMs(ms))
    await world.manager.close()
    const emptied = files.open(index, 'existing')
    emptied.truncate(0)
    emptied.sync()
    files.killProcess()
    world.startAgain()
    await world.open(config).findByTimestamp(worldStartMs + 1_000_000, asOffset(7))
    assert.ok((files.stat(index)?.sizeBytes ?? 0) > 0, 'it was built anew')
    files.restorePower('some')
    world.startAgain()
    const found = await world.open(config).findByTimestamp(worldStartMs + 1_000_000, asOffset(7))
    assert.equal(found?.offset, 1, `seed ${seed}`)
  }
})
