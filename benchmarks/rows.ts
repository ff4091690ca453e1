// The rows of the table: what is run against a broker, which figures come of it, and what they are to reach.
import { setTimeout as sleep } from 'node:timers/promises'
import { createTopics } from '../tests/interop/clients/admin.ts'
import type { RunningBroker } from '../tests/interop/target/target.ts'
import type { Contender } from './contenders/contender.ts'
import { consume, endToEnd, endToEndAverageMs, produce } from './measure/java.ts'
import { produceFirstRecord } from './measure/first-record.ts'
import { cpuSeconds, residentMb } from './measure/proc.ts'

export interface Figure {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly better: 'more' | 'less'
  // Millrace's figure divided by Apache Kafka's: at least this where more is better, at most where less is.
  readonly goal: number
}

export type Figures = Readonly<Record<string, number>>

interface RowBase {
  readonly name: string
  readonly figures: readonly Figure[]
  // What one run writes.
  readonly bytes: number
}

// Measured on brokers that run all the time and are warm.
export interface WarmRow extends RowBase {
  readonly kind: 'warm'
  readonly prepare?: (broker: RunningBroker) => Promise<void>
  readonly measure: (broker: RunningBroker, topic: string) => Promise<Figures>
}

// Starts its broker itself, with an empty data directory, and leaves its end to the caller.
export interface FreshRow extends RowBase {
  readonly kind: 'fresh'
  readonly measure: (
    contender: Contender,
    dataDir: string,
    started: (broker: RunningBroker) => void,
  ) => Promise<Figures>
}

export type Row = WarmRow | FreshRow

const mib = 1024 * 1024
const partitions = 6
const bootstrapOf = (broker: RunningBroker): string => `127.0.0.1:${broker.port}`

async function cpuPerGb(broker: RunningBroker, bytes: number, work: () => Promise<Figures>): Promise<Figures> {
  const before = cpuSeconds(broker.program.pid)
  const figures = await work()
  return { ...figures, cpuPerGb: (cpuSeconds(broker.program.pid) - before) / (bytes / 1e9) }
}

function produceRow(name: string, recordBytes: number, size: string, totalBytes: number): WarmRow {
  const records = Math.floor(totalBytes / recordBytes)
  return {
    name,
    kind: 'warm',
    bytes: totalBytes,
    figures: [
      { name: 'rate', title: `produce ${size}, acks=all, 6 partitions`, unit: 'MiB/s', better: 'more', goal: 1 },
      { name: 'cpuPerGb', title: `broker CPU to take in ${size} records`, unit: 's/GB', better: 'less', goal: 0.7 },
    ],
    async measure(broker, topic) {
      const bootstrap = bootstrapOf(broker)
      await createTopics(bootstrap, [topic], partitions)
      return cpuPerGb(broker, records * recordBytes, async () => {
        const { mibPerSecond } = await produce({ bootstrap, topic, records, recordBytes })
        return { rate: mibPerSecond }
      })
    },
  }
}

// One partition, so that a request carries one record and not one for each partition.
function singleRow(records: number): WarmRow {
  const properties = ['batch.size=1', 'linger.ms=0']
  return {
    name: 'single',
    kind: 'warm',
    bytes: records * 200,
    figures: [
      { name: 'rate', title: 'single-record requests (batch.size=1)', unit: 'requests/s', better: 'more', goal: 2.2 },
    ],
    async measure(broker, topic) {
      const bootstrap = bootstrapOf(broker)
      await createTopics(bootstrap, [topic], 1)
      const { recordsPerSecond } = await produce({ bootstrap, topic, records, recordBytes: 100, properties })
      return { rate: recordsPerSecond }
    },
  }
}

function consumeRow(totalBytes: number): WarmRow {
  const records = Math.floor(totalBytes / 1024)
  const filled = 'to-consume'
  return {
    name: 'consume',
    kind: 'warm',
    bytes: totalBytes,
    figures: [
      { name: 'rate', title: 'consume 1 KiB', unit: 'MiB/s', better: 'more', goal: 1 },
      { name: 'cpuPerGb', title: 'broker CPU to give out 1 KiB records', unit: 's/GB', better: 'less', goal: 1 },
    ],
    async prepare(broker) {
      const bootstrap = bootstrapOf(broker)
      await createTopics(bootstrap, [filled], partitions)
      await produce({ bootstrap, topic: filled, records, recordBytes: 1024 })
    },
    measure: (broker) =>
      cpuPerGb(broker, records * 1024, async () => ({
        rate: await consume({ bootstrap: bootstrapOf(broker), topic: filled, records, recordBytes: 1024 }),
      })),
  }
}

function endToEndRow(records: number): WarmRow {
  return {
    name: 'end-to-end',
    kind: 'warm',
    bytes: records * 2048,
    figures: [
      { name: 'p99Ms', title: 'end to end, 99th percentile', unit: 'ms', better: 'less', goal: 1 },
      { name: 'p50Ms', title: 'end to end, median', unit: 'ms', better: 'less', goal: 1 },
      { name: 'averageMs', title: 'end to end, average (EndToEndLatency)', unit: 'ms', better: 'less', goal: 1 },
    ],
    async measure(broker, topic) {
      const bootstrap = bootstrapOf(broker)
      await createTopics(bootstrap, [topic], 1)
      const load = { bootstrap, topic, records, recordBytes: 1024 }
      return { ...(await endToEnd(load)), averageMs: await endToEndAverageMs(load) }
    },
  }
}

const startRow: FreshRow = {
  name: 'start',
  kind: 'fresh',
  bytes: 0,
  figures: [{ name: 'seconds', title: 'start until the first record is in', unit: 's', better: 'less', goal: 0.1 }],
  async measure(contender, dataDir, started) {
    const { startMs, broker } = await contender.launch(dataDir)
    started(broker)
    await produceFirstRecord(bootstrapOf(broker))
    return { seconds: (performance.now() - startMs) / 1000 }
  },
}

function memoryRow(totalBytes: number): FreshRow {
  const records = Math.floor(totalBytes / 1024)
  const settleMs = 5000
  return {
    name: 'memory',
    kind: 'fresh',
    bytes: totalBytes,
    figures: [
      { name: 'idleMb', title: 'resident memory, idle', unit: 'MiB', better: 'less', goal: 0.35 },
      { name: 'loadedMb', title: 'resident memory after 2 GB', unit: 'MiB', better: 'less', goal: 0.35 },
    ],
    async measure(contender, dataDir, started) {
      const broker = await contender.start(dataDir)
      started(broker)
      await sleep(settleMs)
      const idleMb = residentMb(broker.program.pid)
      const bootstrap = bootstrapOf(broker)
      await createTopics(bootstrap, ['loaded'], partitions)
      await produce({ bootstrap, topic: 'loaded', records, recordBytes: 1024 })
      return { idleMb, loadedMb: residentMb(broker.program.pid) }
    },
  }
}

// `share` below 1 makes every run smaller, for trying things out.
export function rowsOf(share: number): readonly Row[] {
  return [
    produceRow('produce-1k', 1024, '1 KiB', 512 * mib * share),
    produceRow('produce-100', 100, '100 B', 256 * mib * share),
    singleRow(Math.floor(200_000 * share)),
    consumeRow(1024 * mib * share),
    endToEndRow(Math.floor(5_000 * share)),
    startRow,
    memoryRow(2e9 * share),
  ]
}
