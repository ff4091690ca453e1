// Appends and tail reads with more and more partitions: one broker for each number, all up all the time.
import type { Connection } from '@millrace/connection'
import type { RunningBroker } from '../../../tests/interop/target/target.ts'
import { Appender } from '../load/appender.ts'
import { batchOf } from '../load/batch.ts'
import { Reader } from '../load/reader.ts'
import { roundTrips } from '../load/round-trips.ts'
import { connectTo, createTopic, endOffsets } from '../load/topic.ts'
import { Series, type Figures } from '../series.ts'
import { inRounds, newFolder, stop, type Measured, type Row, type World } from '../world.ts'

const counts = [1, 10, 100, 1_000, 10_000]
const topic = 'spread'
const inFlight = 16
const rateBytes = 128e6
const roundTripsEach = 2_000

const large = batchOf(16, 1024)
const small = batchOf(1, 1024)

interface Subject {
  readonly broker: RunningBroker
  readonly producer: Connection
  readonly consumer: Connection
  readonly partitions: number
}

async function subjectOf(world: World, partitions: number): Promise<Subject> {
  const broker = await world.millrace.start(newFolder(world, `partitions-${partitions}`))
  const [producer, consumer] = [await connectTo(broker.port), await connectTo(broker.port)]
  await createTopic(producer, topic, partitions)
  // Once around, so that no partition's first append is measured.
  await new Appender(producer, topic, partitions, large).appendMany(Math.max(partitions, 1_000), inFlight)
  return { broker, producer, consumer, partitions }
}

async function measureOne({ producer, consumer, partitions }: Subject, share: number): Promise<Figures> {
  const reader = new Reader(consumer, topic, await endOffsets(consumer, topic, partitions))
  await reader.fetch(0)
  const appender = new Appender(producer, topic, partitions, large)
  const count = Math.ceil((rateBytes * share) / large.length)
  const seconds = await secondsOf(async () => {
    await Promise.all([appender.appendMany(count, inFlight), reader.fetchBytes(count * large.length)])
  })
  const appendSeconds = await secondsOf(() => appender.appendMany(count, inFlight))
  await reader.fetchBytes(count * large.length)
  const single = new Appender(producer, topic, partitions, small)
  const latencies = await roundTrips(single, reader, Math.ceil(roundTripsEach * share))
  const mb = (count * large.length) / 1e6
  return { appendRate: mb / appendSeconds, readRate: mb / seconds, ...latencies }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return (performance.now() - startMs) / 1000
}

async function measure(world: World, rounds: number): Promise<Measured> {
  const series = new Series(counts.map((count) => count.toLocaleString('en')))
  const subjects: Subject[] = []
  for (const count of counts) {
    world.step(`partitions: starting with ${count}`)
    subjects.push(await subjectOf(world, count))
  }
  await inRounds(rounds, subjects, async (subject, round) => {
    world.step(`partitions: round ${round + 1} of ${rounds}, ${subject.partitions}`)
    series.add(subject.partitions.toLocaleString('en'), await measureOne(subject, world.share))
  })
  for (const subject of subjects) await end(subject)
  const lines = [
    series.line('appendRate', 'append, 16 KiB batches, 16 in flight', 'MB/s'),
    series.line('readRate', 'tail read while these are appended', 'MB/s'),
    series.line('appendP50Ms', 'append of 1 KiB, p50', 'ms'),
    series.line('appendP99Ms', 'append of 1 KiB, p99', 'ms'),
    series.line('readP50Ms', 'tail read of it, p50', 'ms'),
    series.line('readP99Ms', 'tail read of it, p99', 'ms'),
  ]
  return { columns: series.columns, lines }
}

async function end({ broker, producer, consumer }: Subject): Promise<void> {
  producer.close()
  consumer.close()
  await stop(broker)
}

export const partitionsRow: Row = {
  name: 'partitions',
  title: 'Appends and tail reads with more partitions',
  across: 'partitions',
  rounds: 5,
  panels: [
    {
      title: 'throughput',
      unit: 'MB/s',
      lines: ['append, 16 KiB batches, 16 in flight', 'tail read while these are appended'],
    },
    {
      title: 'latency',
      unit: 'ms',
      lines: ['append of 1 KiB, p50', 'append of 1 KiB, p99', 'tail read of it, p50', 'tail read of it, p99'],
    },
  ],
  measure,
}
