// What the rows share: the broker's program, a folder for data that is removed at the end, and logs filled in advance.
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningBroker } from '../../tests/interop/target/target.ts'
import type { Contender } from '../contenders/contender.ts'
import { fill, type Filling } from './fill.ts'
import { connectTo, createTopic } from './load/topic.ts'
import type { Line } from './series.ts'

export interface World {
  readonly millrace: Contender
  readonly folder: string
  /** Below 1 makes every run smaller, for trying things out. */
  readonly share: number
  readonly step: (text: string) => void
  /** Folders of `filledData` by what is in them. */
  readonly filled: Map<number, string>
}

export interface Panel {
  readonly title: string
  readonly unit: string
  /** Titles of the lines it shows, as they stand in the table. */
  readonly lines: readonly string[]
}

export interface Row {
  readonly name: string
  readonly title: string
  /** What the columns are. */
  readonly across: string
  readonly rounds: number
  readonly panels: readonly Panel[]
  readonly measure: (world: World, rounds: number) => Promise<Measured>
}

export interface Measured {
  readonly columns: readonly string[]
  readonly lines: readonly Line[]
}

export const newFolder = (world: World, name: string): string =>
  join(mkdtempSync(join(world.folder, `${name}-`)), 'data')

export async function stop(broker: RunningBroker): Promise<void> {
  const { code } = await broker.program.end('SIGTERM', 60_000)
  if (code !== 0)
    throw new Error(`the broker ended with ${code ?? 'a signal'}: ${broker.program.stderr.text.slice(-2000)}`)
}

/** The data directory of a stopped broker with these topics, empty. Resolves with their ids. */
export async function createTopics(
  world: World,
  data: string,
  topics: readonly { readonly topic: string; readonly partitions: number }[],
): Promise<string[]> {
  const broker = await world.millrace.start(data)
  const connection = await connectTo(broker.port)
  const ids: string[] = []
  for (const { topic, partitions } of topics) ids.push(await createTopic(connection, topic, partitions))
  connection.close()
  await stop(broker)
  return ids
}

export const filledTopic = 'filled'

/** The data directory of a stopped broker that holds so many bytes in the topic `filled`; made once, then kept. */
export async function filledData(world: World, bytes: number): Promise<string> {
  const known = world.filled.get(bytes)
  if (known !== undefined) return known
  world.step(`filling ${Math.round(bytes / 1e6)} MB`)
  const data = newFolder(world, 'filled')
  const [topicId = ''] = await createTopics(world, data, [{ topic: filledTopic, partitions: 1 }])
  const filling: Filling = { topic: filledTopic, topicId, partitions: 1, bytes }
  await fill(data, filling)
  world.filled.set(bytes, data)
  return data
}

/** Works through the columns in turn, every round from another one on, so that none always comes first. */
export async function inRounds<T>(
  rounds: number,
  columns: readonly T[],
  measure: (column: T, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < columns.length; i += 1) {
      const column = columns[(round + i) % columns.length]
      if (column !== undefined) await measure(column, round)
    }
  }
}
