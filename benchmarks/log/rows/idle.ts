// A start with 10,000 idle partitions, and what each of them costs in memory.
import { setTimeout as sleep } from 'node:timers/promises'
import { metadataApi } from '@millrace/protocol'
import { readyPort } from '../../../tests/interop/target/millrace.ts'
import { residentMb } from '../../measure/proc.ts'
import { Reader } from '../load/reader.ts'
import { connectTo } from '../load/topic.ts'
import { Series, spreadOf, type Figures } from '../series.ts'
import { createTopics, inRounds, newFolder, stop, type Measured, type Row, type World } from '../world.ts'

const none = 'none'
const secondsMax = 3
const kilobytesMax = 8
const topics = 10
const partitionsEach = 1_000
const settleMs = 5_000

const topicsOf = (share: number): { topic: string; partitions: number }[] =>
  Array.from({ length: topics }, (_, i) => ({ topic: `idle-${i}`, partitions: Math.ceil(partitionsEach * share) }))

/** Two starts: one that is asked at once, and one that nobody asks anything before its memory is looked at. */
async function measureStarts(world: World, data: string, hasTopics: boolean): Promise<Figures> {
  const asked = await world.millrace.launch(data)
  const port = await readyPort(asked.broker.program)
  const readySeconds = secondsSince(asked.startMs)
  await firstAnswers(port, hasTopics)
  const answerSeconds = secondsSince(asked.startMs)
  await stop(asked.broker)
  const left = await world.millrace.start(data)
  await sleep(settleMs)
  const idleMb = residentMb(left.program.pid)
  await stop(left)
  return { readySeconds, answerSeconds, idleMb }
}

const secondsSince = (startMs: number): number => (performance.now() - startMs) / 1000

/** Metadata of all topics, and a fetch of a partition where there is one. */
async function firstAnswers(port: number, hasTopics: boolean): Promise<void> {
  const connection = await connectTo(port)
  await connection.request(metadataApi, { topics: null })
  if (hasTopics) await new Reader(connection, `idle-${topics - 1}`, [0]).fetch(0)
  connection.close()
}

async function measure(world: World, rounds: number): Promise<Measured> {
  const made = topicsOf(world.share)
  const count = made.reduce((sum, { partitions }) => sum + partitions, 0)
  const many = count.toLocaleString('en')
  const [empty, full] = [newFolder(world, 'idle-none'), newFolder(world, 'idle-many')]
  world.step(`idle: creating ${many} partitions`)
  await createTopics(world, empty, [])
  await createTopics(world, full, made)
  const series = new Series([none, many])
  await inRounds(rounds, [none, many], async (column, round) => {
    world.step(`idle: round ${round + 1} of ${rounds}, ${column}`)
    series.add(column, await measureStarts(world, column === none ? empty : full, column !== none))
  })
  return { columns: series.columns, lines: linesOf(series, many, count) }
}

function linesOf(series: Series, many: string, count: number): Measured['lines'] {
  const answered = series.line('answerSeconds', 'start until Metadata of all and a Fetch are answered', 's')
  const seconds = answered.cells[1]?.median ?? NaN
  const without = series.values('idleMb', none)
  const eachKb = spreadOf(
    series.values('idleMb', many).map((mib, round) => ((mib - (without[round] ?? NaN)) * 1024) / count),
  )
  return [
    series.line('readySeconds', 'start until the ready line', 's'),
    { ...answered, goal: { text: `≤ ${secondsMax}`, reached: seconds <= secondsMax } },
    series.line('idleMb', `resident memory ${settleMs / 1000} s after another start`, 'MiB'),
    {
      title: 'of it for each partition',
      unit: 'KiB',
      cells: [null, eachKb],
      goal: { text: `≤ ${kilobytesMax}`, reached: eachKb.median <= kilobytesMax },
    },
  ]
}

export const idleRow: Row = {
  name: 'idle',
  title: 'A start with 10,000 partitions',
  across: 'partitions',
  rounds: 5,
  panels: [],
  measure,
}
