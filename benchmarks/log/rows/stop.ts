// From the start of the process until the last record was fetched, after a clean stop and after a kill while writing.
import { setTimeout as sleep } from 'node:timers/promises'
import { Appender } from '../load/appender.ts'
import { batchOf } from '../load/batch.ts'
import { lastRecordFetched } from '../load/first-answer.ts'
import { connectTo } from '../load/topic.ts'
import { Series } from '../series.ts'
import { filledData, filledTopic, inRounds, stop, type Measured, type Row, type World } from '../world.ts'

const sizes = [
  { title: '1 GB', bytes: 1e9 },
  { title: '20 GB', bytes: 20e9 },
]
const batch = batchOf(64, 1024)
const inFlight = 16
const writtenBytes = 100e6

/** Seconds until the first answer of a start after a clean stop; the broker runs on. */
async function startAgain(world: World, data: string): Promise<{ seconds: number } & Running> {
  const { startMs, broker } = await world.millrace.launch(data)
  await lastRecordFetched(broker.port, filledTopic)
  return { seconds: (performance.now() - startMs) / 1000, broker }
}

type Running = Pick<Awaited<ReturnType<World['millrace']['launch']>>, 'broker'>

/** Ends the broker with SIGKILL while appends are on their way, some time after 100 MB of them were answered. */
async function killWhileWriting({ broker }: Running): Promise<void> {
  const connection = await connectTo(broker.port)
  const appender = new Appender(connection, filledTopic, 1, batch)
  await appender.appendMany(Math.ceil(writtenBytes / batch.length), inFlight)
  const cutOff = appender.appendMany(Infinity, inFlight).then(
    () => 'all answered',
    () => 'cut off',
  )
  await sleep(50)
  await broker.program.end('SIGKILL')
  if ((await cutOff) !== 'cut off') throw new Error('nothing was on its way at the kill')
}

async function measure(world: World, rounds: number): Promise<Measured> {
  const series = new Series(sizes.map(({ title }) => title))
  const folders: { title: string; data: string }[] = []
  for (const { title, bytes } of sizes) folders.push({ title, data: await filledData(world, bytes * world.share) })
  await inRounds(rounds, folders, async ({ title, data }, round) => {
    world.step(`stop: round ${round + 1} of ${rounds}, ${title}`)
    const clean = await startAgain(world, data)
    await killWhileWriting(clean)
    const unclean = await startAgain(world, data)
    await stop(unclean.broker)
    series.add(title, { clean: clean.seconds, unclean: unclean.seconds })
  })
  const within = (ratio: number): boolean => ratio >= 0.9 && ratio <= 1.1
  const lines = [
    series.line('clean', 'first answer after a clean stop', 's'),
    series.ratios('clean', 'first answer after a clean stop, beside 1 GB', within, '0.9 – 1.1'),
    series.line('unclean', 'first answer after SIGKILL while writing', 's'),
  ]
  return { columns: series.columns, lines }
}

export const stopRow: Row = {
  name: 'stop',
  title: 'The first answer after a stop',
  across: 'in the log',
  rounds: 9,
  panels: [],
  measure,
}
