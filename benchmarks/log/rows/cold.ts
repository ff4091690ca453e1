// Producers at a steady pace, alone and beside a consumer that reads 5 GB which are on the disk only: at a broker of
// ours, then in the very same way at Apache Kafka's.
import { globSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningBroker } from '../../../tests/interop/target/target.ts'
import { apacheKafkaContender } from '../../contenders/apache-kafka.ts'
import type { Contender } from '../../contenders/contender.ts'
import { dropFromPageCache } from '../../measure/page-cache.ts'
import { diskReadBytes, residentMb } from '../../measure/proc.ts'
import type { Connection } from '@millrace/connection'
import { Appender } from '../load/appender.ts'
import { batchOf } from '../load/batch.ts'
import { ColdReader } from '../load/cold-reader.ts'
import { percentile } from '../load/percentile.ts'
import { connectTo, createTopic } from '../load/topic.ts'
import { Series, spreadOf, type Figures, type Line } from '../series.ts'
import { filledTopic, newFolder, stop, type Measured, type Row, type World } from '../world.ts'

const coldBytes = 5e9
const partitions = 5
const [alone, beside] = ['alone', 'beside a cold read']
const slowdownMax = 2
// What the tail cache may hold by default: the cold read may cost no more than that on top.
const growthMibMax = 64
const producers = 4
const paceMs = 4
const aloneMs = 10_000
const tailFillBytes = 128e6
const memoryEachMs = 100
const leadersWithinMs = 30_000
const topic = 'live'

interface Subject {
  readonly world: World
  readonly data: string
  readonly broker: RunningBroker
  readonly appenders: readonly Appender[]
  readonly reader: ColdReader
}

async function subjectOf(world: World, contender: Contender): Promise<Subject> {
  const data = newFolder(world, `cold-${contender.name}`)
  const broker = await contender.start(data)
  const connections = await Promise.all(Array.from({ length: producers }, () => connectTo(broker.port)))
  const [first] = connections
  if (first === undefined) throw new Error('no producer')
  await filled(first, filledTopic, batchOf(64, 1024), coldBytes * world.share)
  // The tail's budget is used up before anything is measured.
  await filled(first, topic, batchOf(16, 1024), tailFillBytes)
  const batch = batchOf(4, 1024)
  const appenders = connections.map((each) => new Appender(each, topic, partitions, batch))
  const reader = await ColdReader.start({ port: broker.port, topic: filledTopic, partitions })
  return { world, data, broker, appenders, reader }
}

/** Makes the topic and appends that much to it. */
async function filled(connection: Connection, name: string, batch: Uint8Array, bytes: number): Promise<void> {
  await createTopic(connection, name, partitions)
  const appender = new Appender(connection, name, partitions, batch)
  // Apache Kafka has leaders for a new topic a moment later.
  const giveUpMs = performance.now() + leadersWithinMs
  for (let led = 0; led < partitions;) {
    try {
      await appender.append()
      led += 1
    } catch (error) {
      if (performance.now() > giveUpMs) throw error
      await sleep(memoryEachMs)
    }
  }
  await appender.appendMany(Math.ceil(bytes / batch.length), producers)
}

/** What appends cost and the broker's largest memory for as long as `whileThis` lasts. */
async function producing({ appenders, broker }: Subject, whileThis: Promise<unknown>): Promise<Figures> {
  const over = new AbortController()
  const latenciesMs: number[] = []
  let memoryMib = 0
  const produce = async (appender: Appender): Promise<void> => {
    while (!over.signal.aborted) {
      const startMs = performance.now()
      await appender.append()
      latenciesMs.push(performance.now() - startMs)
      await sleep(paceMs)
    }
  }
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      memoryMib = Math.max(memoryMib, residentMb(broker.program.pid))
      await sleep(memoryEachMs)
    }
  }
  const all = [...appenders.map(produce), watch()]
  await whileThis
  over.abort()
  await Promise.all(all)
  return { p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99), memoryMib }
}

async function besideColdRead(subject: Subject): Promise<Figures> {
  const { broker, data, world, reader } = subject
  dropFromPageCache(globSync(`${data}/${filledTopic}-*/*.log`))
  const bytes = coldBytes * world.share
  const before = diskReadBytes(broker.program.pid)
  const reading = reader.read(bytes)
  const figures = await producing(subject, reading)
  const fromDisk = diskReadBytes(broker.program.pid) - before
  if (fromDisk < bytes / 2) throw new Error(`only ${fromDisk} of ${bytes} bytes came from the disk: not a cold read`)
  return { ...figures, readRate: bytes / 1e6 / (await reading), fromDiskGb: fromDisk / 1e9 }
}

async function measureOne(world: World, rounds: number, contender: Contender): Promise<Measured> {
  const series = new Series([alone, beside])
  world.step(`cold: ${contender.name}, filling ${Math.round((coldBytes * world.share) / 1e6)} MB`)
  const subject = await subjectOf(world, contender)
  const first = await producing(subject, sleep(aloneMs * world.share))
  for (let round = 0; round < rounds; round += 1) {
    world.step(`cold: ${contender.name}, round ${round + 1} of ${rounds}`)
    if (round % 2 === 1) series.add(beside, await besideColdRead(subject))
    series.add(alone, await producing(subject, sleep(aloneMs * world.share)))
    if (round % 2 === 0) series.add(beside, await besideColdRead(subject))
  }
  await subject.reader.close()
  // A JVM that was asked to end says so with its code.
  if (contender.name === 'millrace') await stop(subject.broker)
  else await subject.broker.program.end('SIGTERM', 60_000)
  return { columns: series.columns, lines: linesOf(series, first['memoryMib'] ?? NaN) }
}

// One after the other: a broker that only idles beside the one that is measured would take its part of two cores.
async function measure(world: World, rounds: number): Promise<Measured> {
  const ours = await measureOne(world, rounds, world.millrace)
  const kafkas = await measureOne(world, rounds, apacheKafkaContender)
  const lines = ours.lines.map((line, i): Line => ({
    ...line,
    cells: [...line.cells, ...(kafkas.lines[i]?.cells ?? [])],
  }))
  return { columns: [...ours.columns, ...kafkas.columns.map((column) => `Apache Kafka ${column}`)], lines }
}

function linesOf(series: Series, memoryBeforeMib: number): Measured['lines'] {
  const growthMib = spreadOf(series.values('memoryMib', beside).map((mib) => mib - memoryBeforeMib))
  const only = (figure: string, title: string, unit: string): Measured['lines'][number] => ({
    title,
    unit,
    cells: [null, spreadOf(series.values(figure, beside))],
  })
  return [
    series.line('p50Ms', 'append of 4 KiB, p50', 'ms'),
    series.line('p99Ms', 'append of 4 KiB, p99', 'ms'),
    series.ratios(
      'p99Ms',
      'append of 4 KiB, p99, beside that alone',
      (ratio) => ratio <= slowdownMax,
      `≤ ${slowdownMax}`,
    ),
    only('readRate', 'cold read', 'MB/s'),
    only('fromDiskGb', 'of it from the disk', 'GB'),
    series.line('memoryMib', 'resident memory, the most', 'MiB'),
    {
      title: 'of it more than before the first cold read',
      unit: 'MiB',
      cells: [null, growthMib],
      goal: { text: `≤ ${growthMibMax}`, reached: growthMib.highest <= growthMibMax },
    },
  ]
}

export const coldRow: Row = {
  name: 'cold',
  title: 'Producers beside a consumer that reads 5 GB from the disk',
  across: 'producers',
  rounds: 5,
  panels: [],
  measure,
}
