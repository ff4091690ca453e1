// `npm run bench:compaction`: how fast logs are compacted, by our cleaner in its worker thread and by Apache Kafka's in its
// JVM, on copies of the same logs, in pairs whose order alternates. `PAIRS=1 npm run bench:compaction` for a short look.
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { asLeaderEpoch, hostClock, noMetrics, seededRandom, silentLogger, type LogFields } from '@millrace/kernel'
import { buildBatch, type Codec } from '@millrace/protocol'
import { diskFileSystem, openLogManager, type LogManager, type PartitionLog } from '@millrace/storage'
import { defaultLogConfig } from '@millrace/testkit/storage'
import { apacheKafka, apacheKafkaVersion } from '../tests/interop/peers/apache-kafka.ts'
import { run } from '../tests/interop/process.ts'
import { touchPageCache } from './measure/page-cache.ts'
import type { Pair } from './measure/ratio.ts'
import { writeBlock } from './report/block.ts'
import { machine } from './report/machine.ts'
import { lineOf, markdownTable } from './report/table.ts'

const MiB = 1024 * 1024
const pairsWanted = Number(process.env['PAIRS'] ?? 3)
const logBytes = 160 * MiB
const segmentBytes = 32 * MiB
const dedupeBytes = 128 * MiB
const dayMs = 86_400_000

interface Data {
  readonly name: string
  readonly valueBytes: number
  readonly recordsPerBatch: number
  readonly keys: number
  readonly codec: Codec
}

// Of four records with one key three go, so that every batch is written anew.
const dataSets: readonly Data[] = [
  { name: '1 KiB values', valueBytes: 1_024, recordsPerBatch: 15, keys: 40_000, codec: 'none' },
  { name: '100 B values', valueBytes: 100, recordsPerBatch: 120, keys: 300_000, codec: 'none' },
  { name: '1 KiB values, lz4', valueBytes: 1_024, recordsPerBatch: 15, keys: 80_000, codec: 'lz4' },
  { name: '1 KiB values, zstd', valueBytes: 1_024, recordsPerBatch: 15, keys: 80_000, codec: 'zstd' },
]

const clock = hostClock(
  {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs)
      return () => clearTimeout(timer)
    },
  },
  (error) => {
    throw error
  },
)

const topic = 'compacted'
// The first warms up whoever compacts: its thread, its compiler. The second counts.
const partitions = [0, 1]
const config = {
  ...defaultLogConfig,
  cleanupPolicy: ['compact'],
  segmentBytes,
  minCleanableDirtyRatio: 0.01,
  fileDeleteDelayMs: 0,
} as const

function openManager(directory: string, cleanerEnable: boolean, onCompacted: (fields: LogFields) => void): LogManager {
  const info = (message: string, fields: LogFields = {}): void => {
    if (message === 'a log was compacted') onCompacted(fields)
  }
  return openLogManager({
    directories: [directory],
    fileSystem: diskFileSystem(),
    clock,
    random: seededRandom(1),
    logger: { ...silentLogger, info, error: (message, fields) => console.error(message, fields) },
    metrics: noMetrics,
    nodeId: 1,
    clusterId: 'benchmark',
    endOfTurn: (work) => void setImmediate(work),
    settings: { cleanerEnable, cleanerBackoffMs: 10, cleanerDedupeBufferBytes: dedupeBytes, tailCacheBytes: 1 },
  })
}

const open = (manager: LogManager, partition: number): PartitionLog =>
  manager.open(topic, partition, 'AAAAAAAAAAAAAAAAAAAAAg', config)

/** Half of every value is random, so that codecs have something to do and something to gain. */
function batchOf(data: Data, random: ReturnType<typeof seededRandom>): Uint8Array {
  const records = Array.from({ length: data.recordsPerBatch }, () => ({
    key: Buffer.from(`key-${String(random.below(data.keys)).padStart(12, '0')}`),
    value: Buffer.concat([random.bytes(data.valueBytes / 2), Buffer.alloc(data.valueBytes / 2, 'value ')]),
    timestampMs: 1_700_000_000_000,
  }))
  return buildBatch({ records, compression: data.codec })
}

async function writeLogs(directory: string, data: Data): Promise<void> {
  const manager = openManager(directory, false, () => {})
  for (const partition of partitions) {
    const log = open(manager, partition)
    const random = seededRandom(partition + 1)
    while (log.sizeBytes < logBytes) {
      for (let i = 0; i < 50; i += 1) {
        log.append({ records: batchOf(data, random), origin: 'client', leaderEpoch: asLeaderEpoch(0) }, () => {})
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    log.setHighWatermark(log.logEndOffset)
  }
  await manager.close()
}

/** Bytes of the segments that compaction may touch. */
function sealedBytes(folder: string): number {
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'))
  return logs
    .toSorted()
    .slice(0, -1)
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

/** How long our event loop was held at most while the worker thread compacted, over all runs. */
let heldMsMax = 0

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 120_000
  while (!holds() && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function compactWithMillrace(directory: string): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  let tookMs = 0
  let done = 0
  const manager = openManager(directory, true, (fields) => {
    done += 1
    if (fields['partition'] === `${topic}-${partitions.at(-1)}`) tookMs = Number(fields['tookMs'])
  })
  for (const partition of partitions) {
    const log = open(manager, partition)
    log.setHighWatermark(log.logEndOffset)
    delays.enable()
    await until(() => done > partition)
  }
  delays.disable()
  heldMsMax = Math.max(heldMsMax, delays.max / 1e6)
  await manager.close()
  if (tookMs === 0) throw new Error('a log was not compacted in two minutes')
  return tookMs / 1_000
}

async function compactWithKafka(directory: string): Promise<number> {
  const { classPath } = await apacheKafka.get()
  const folders = partitions.map((partition) => join(directory, `${topic}-${partition}`))
  const args = [segmentBytes, dedupeBytes, dayMs, Date.now(), ...folders].map(String)
  const flags = ['-Xms1G', '-Xmx1G', '-XX:+UseG1GC']
  const lines = (await run('java', [...flags, '-cp', classPath, 'KafkaCleaner', ...args])).trim().split('\n')
  return Number(lines.at(-1)?.split(' ')[0]) / 1e9
}

const cleaners = { millrace: compactWithMillrace, kafka: compactWithKafka } as const

/** MB of dirty log in a second. */
async function measure(who: keyof typeof cleaners, original: string, root: string): Promise<number> {
  const directory = join(root, who)
  touchPageCache(root, 2 * logBytes)
  cpSync(original, directory, { recursive: true })
  const bytes = sealedBytes(join(directory, `${topic}-${partitions.at(-1)}`))
  const seconds = await cleaners[who](directory)
  rmSync(directory, { recursive: true })
  return bytes / 1e6 / seconds
}

async function pairsOf(data: Data, root: string): Promise<Pair[]> {
  const original = join(root, 'original')
  await writeLogs(original, data)
  const pairs: Pair[] = []
  for (let i = 0; i < pairsWanted; i += 1) {
    const figures = { millrace: 0, kafka: 0 }
    const order = i % 2 === 0 ? (['millrace', 'kafka'] as const) : (['kafka', 'millrace'] as const)
    for (const who of order) figures[who] = await measure(who, original, root)
    console.log(`${data.name}: ${figures.millrace.toFixed(0)} and ${figures.kafka.toFixed(0)} MB/s`)
    pairs.push(figures)
  }
  rmSync(original, { recursive: true })
  return pairs
}

const root = mkdtempSync(join(tmpdir(), 'millrace-bench-compaction-'))
try {
  const results = []
  for (const data of dataSets) results.push({ data, pairs: await pairsOf(data, root) })
  const lines = results.map(({ data, pairs }) =>
    lineOf({ name: data.name, title: data.name, unit: 'MB/s', better: 'more', goal: 1 }, pairs),
  )
  const date = new Date().toISOString().slice(0, 10)
  const json = { date, machine: machine(), kafka: apacheKafkaVersion(), heldMsMax, results }
  writeFileSync(join(import.meta.dirname, 'results/compaction.json'), `${JSON.stringify(json, null, 2)}\n`)
  const where = `${date}, Apache Kafka ${apacheKafkaVersion()}, ${pairsWanted} pairs, on ${machine()}.`
  writeBlock(
    join(import.meta.dirname, 'compaction.md'),
    'npm run bench:compaction',
    `${where}\n\n${markdownTable(lines)}\nOur event loop was held for at most ${heldMsMax.toFixed(1)} ms at a time meanwhile.\n`,
  )
} finally {
  rmSync(root, { recursive: true, force: true })
}
