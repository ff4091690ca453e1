import type { AdminApi, CallOptions, OffsetSpec } from '@millrace/client'
import { allOf } from '../session.ts'
import { UsageError } from '../terminal.ts'
import type { StartPosition } from './position.ts'
import { resolvePosition } from './position.ts'

/** What to read of one partition: from `offset`, and what was there at the start ends before `end`. */
export interface PartitionPlan {
  readonly partition: number
  readonly offset: number
  readonly end: number
}

/** Where each partition of a topic (or one of them) is read from. Rejects where topic or partition aren't there. */
export async function readingPlan(
  admin: AdminApi,
  topic: string,
  only: number | undefined,
  start: StartPosition,
  call: CallOptions,
): Promise<PartitionPlan[]> {
  const partitions = await partitionsOf(admin, topic, only, call)
  const ask = async (at: OffsetSpec): Promise<Map<number, number>> => {
    const asked = partitions.map((partition) => ({ topic, partition, at }))
    const listed = allOf(await admin.listOffsets(asked, call))
    return new Map([...listed.values()].map((each) => [each.partition, each.offset]))
  }
  const [first, end] = await Promise.all([ask('earliest'), ask('latest')])
  const atTime = start.kind === 'time' ? await ask(start.timestampMs) : undefined
  return partitions.map((partition) => {
    const earliest = first.get(partition) ?? 0
    const latest = end.get(partition) ?? earliest
    return { partition, offset: resolvePosition(start, earliest, latest, atTime?.get(partition) ?? -1), end: latest }
  })
}

async function partitionsOf(
  admin: AdminApi,
  topic: string,
  only: number | undefined,
  call: CallOptions,
): Promise<number[]> {
  const outcome = (await admin.describeTopics([topic], call)).get(topic)
  if (outcome === undefined) throw new Error(`the broker said nothing of ${topic}`)
  if (!outcome.ok) throw outcome.error
  const there = outcome.value.partitions.map(({ partition }) => partition)
  if (only !== undefined && !there.includes(only)) {
    throw new UsageError(`${topic} has no partition ${only}: it has ${there.length}`)
  }
  return only === undefined ? there : [only]
}
