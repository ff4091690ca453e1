// Five million keys through a small dedupe buffer: memory stays bounded, however many passes it takes.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { asLeaderEpoch } from '@millrace/kernel'
import { batches, buildBatch, RecordCursor } from '@millrace/protocol'
import { diskFileSystem } from '@millrace/storage'
import { LogWorld, worldStartMs } from '@millrace/testkit/storage'
import { run } from '../interop/process.ts'

const keys = Number(process.env['KEYS'] ?? 5_000_000)
const MiB = 1024 * 1024
const dedupeBytes = 8 * MiB
const segmentBytes = 8 * MiB
const recordsPerBatch = 500

const directory = mkdtempSync(join(tmpdir(), 'millrace-memory-'))
after(() => rmSync(directory, { recursive: true, force: true }))

/** Every key once, then every fifth again. */
async function write(): Promise<void> {
  const settings = { cleanerEnable: false, tailCacheBytes: 1 }
  const world = new LogWorld({ fileSystem: diskFileSystem(), directories: [directory], settings })
  const log = world.open({ segmentBytes })
  for (const [step, version] of [
    [1, 1],
    [5, 2],
  ] as const) {
    for (let from = 0; from < keys; from += step * recordsPerBatch) {
      const count = Math.min(recordsPerBatch, Math.ceil((keys - from) / step))
      const records = Array.from({ length: count }, (_, i) => ({
        key: keyOf(from + i * step),
        value: Uint8Array.of(version),
        timestampMs: worldStartMs,
      }))
      log.append({ records: buildBatch({ records }), origin: 'client', leaderEpoch: asLeaderEpoch(0) }, () => {})
      world.endTurn()
    }
  }
  await world.manager.close()
}

function keyOf(key: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint32(4, key)
  return bytes
}

/** In a process of its own, whose memory is nothing but what this takes. */
const program = `
  import { diskFileSystem } from '@millrace/storage'
  import { LogWorld } from '@millrace/testkit/storage'
  import { silentLogger } from '@millrace/kernel'
  let passes = 0
  const info = (message) => { if (message === 'a log was compacted') passes += 1 }
  const settings = { cleanerBackoffMs: 1000, cleanerDedupeBufferBytes: ${dedupeBytes}, tailCacheBytes: 1 }
  const logger = { ...silentLogger, info }
  const world = new LogWorld({ fileSystem: diskFileSystem(), directories: ['${directory}'], settings, logger })
  const compacted = { cleanupPolicy: ['compact'], segmentBytes: ${segmentBytes}, minCleanableDirtyRatio: 0.0001 }
  const log = world.open({ ...compacted, fileDeleteDelayMs: 0 })
  log.setHighWatermark(log.logEndOffset)
  const before = process.resourceUsage().maxRSS
  await world.clock.advance('2s')
  const after = process.resourceUsage().maxRSS
  await world.manager.close()
  console.log(JSON.stringify({ passes, grewBytes: 1024 * (after - before) }))
`

/** The newest value of each key; 0 where the key is gone. */
function newestValues(): { values: Uint8Array; records: number } {
  const values = new Uint8Array(keys)
  let records = 0
  const folder = join(directory, 'orders-0')
  for (const name of readdirSync(folder).toSorted()) {
    if (!name.endsWith('.log')) continue
    const bytes = new Uint8Array(readFileSync(join(folder, name)))
    for (const at of batches(bytes)) {
      const cursor = new RecordCursor(bytes, {}, at)
      while (cursor.next()) {
        const key = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.keyStart, 8).getUint32(4)
        values[key] = cursor.bytes[cursor.keyStart + 9] ?? 0
        records += 1
      }
    }
  }
  return { values, records }
}

test(`${keys.toLocaleString('en-US')} keys are compacted with room for 314,000 at a time, and memory stays bounded`, async () => {
  await write()
  const args = ['-C', 'millrace-source', '--input-type=module-typescript', '-e', program]
  const output = await run(process.execPath, args, { timeoutMs: 30 * 60_000 })
  const { passes, grewBytes } = JSON.parse(output) as { passes: number; grewBytes: number }
  console.log(`${passes} passes, ${Math.round(grewBytes / MiB)} MiB more memory`)
  assert.ok(passes >= keys / 314_000 - 1, `${passes} passes`)
  // The keys, two buffers, the indexes of one segment, and a thread with its code.
  assert.ok(grewBytes < dedupeBytes + 150 * MiB, `${grewBytes} bytes`)
  const { values, records } = newestValues()
  for (let key = 0; key < keys; key += 1) assert.equal(values[key], key % 5 === 0 ? 2 : 1)
  // What is in the segment that is written to isn't compacted.
  assert.ok(records < keys + segmentBytes / 20, `${records} records are left`)
})
