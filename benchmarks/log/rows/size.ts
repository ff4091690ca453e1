// What an append and a tail read cost with more and more already in the log: one broker for each size.
import type { Connection } from '@millrace/connection'
import type { RunningBroker } from '../../../tests/interop/target/target.ts'
import { Appender } from '../load/appender.ts'
import { batchOf } from '../load/batch.ts'
import { Reader } from '../load/reader.ts'
import { roundTrips } from '../load/round-trips.ts'
import { connectTo, endOffsets } from '../load/topic.ts'
import { Series, type Figures } from '../series.ts'
import { filledData, filledTopic, inRounds, stop, type Measured, type Row, type World } from '../world.ts'

const sizes = [
  { title: '10 MB', bytes: 10e6 },
  { title: '1 GB', bytes: 1e9 },
  { title: '20 GB', bytes: 20e9 },
]
const roundTripsEach = 2_000
const warmUp = 2_000
const batch = batchOf(1, 200)

interface Subject {
  readonly title: string
  readonly broker: RunningBroker
  readonly producer: Connection
  readonly consumer: Connection
}

async function subjectOf(world: World, title: string, bytes: number): Promise<Subject> {
  const broker = await world.millrace.start(await filledData(world, bytes * world.share))
  const subject = { title, broker, producer: await connectTo(broker.port), consumer: await connectTo(broker.port) }
  await measureOne(subject, warmUp)
  return subject
}

async function measureOne({ producer, consumer }: Subject, count: number): Promise<Figures> {
  const reader = new Reader(consumer, filledTopic, await endOffsets(consumer, filledTopic, 1))
  await reader.fetch(0)
  return { ...(await roundTrips(new Appender(producer, filledTopic, 1, batch), reader, count)) }
}

async function measure(world: World, rounds: number): Promise<Measured> {
  const series = new Series(sizes.map(({ title }) => title))
  const subjects: Subject[] = []
  for (const { title, bytes } of sizes) subjects.push(await subjectOf(world, title, bytes))
  await inRounds(rounds, subjects, async (subject, round) => {
    world.step(`size: round ${round + 1} of ${rounds}, ${subject.title}`)
    series.add(subject.title, await measureOne(subject, roundTripsEach))
  })
  for (const { broker, producer, consumer } of subjects) {
    producer.close()
    consumer.close()
    await stop(broker)
  }
  return { columns: series.columns, lines: figures.flatMap((figure) => linesOf(series, figure)) }
}

const figures = [
  { name: 'appendP50Ms', title: 'append of 200 B, p50', goal: 1.1 },
  { name: 'appendP99Ms', title: 'append of 200 B, p99', goal: 1.5 },
  { name: 'readP50Ms', title: 'tail read of it, p50', goal: 1.1 },
  { name: 'readP99Ms', title: 'tail read of it, p99', goal: 1.5 },
]

const linesOf = (series: Series, { name, title, goal }: (typeof figures)[number]): Measured['lines'] => [
  series.line(name, title, 'ms'),
  series.ratios(name, `${title}, beside 10 MB`, (ratio) => ratio <= goal, `≤ ${goal}`),
]

export const sizeRow: Row = {
  name: 'size',
  title: 'Appends and tail reads with more in the log',
  across: 'in the log',
  rounds: 15,
  panels: [{ title: 'latency', unit: 'ms', lines: figures.map(({ title }) => title) }],
  measure,
}
