import type { ConsumedFrom, OffsetCommit, PartitionPosition } from '../consumer-api.ts'
import type { PartitionState } from '../reading/partition-state.ts'
import { keyOf } from '../reading/partition-state.ts'

/** Records that were not handed out yet, as of the last fetch; undefined before the first. */
export const lagOf = ({ endOffset, position }: PartitionState): number | undefined =>
  endOffset < 0 || position < 0 ? undefined : Math.max(0, endOffset - position)

export const positionOf = (state: PartitionState): PartitionPosition => ({
  topic: state.topic,
  partition: state.partition,
  offset: state.position,
  endOffset: state.endOffset,
  lag: lagOf(state) ?? -1,
  paused: state.paused,
})

/** What to commit for these records: what is behind the last of each partition. */
export function offsetsBehind(records: ConsumedFrom | readonly ConsumedFrom[]): OffsetCommit[] {
  const last = new Map<string, OffsetCommit>()
  for (const record of isList(records) ? records : [records]) {
    const { topic, partition, offset, leaderEpoch = -1 } = record
    if ((last.get(keyOf(record))?.offset ?? -1) > offset) continue
    last.set(keyOf(record), { topic, partition, offset: offset + 1, leaderEpoch })
  }
  return [...last.values()]
}

const isList = (records: ConsumedFrom | readonly ConsumedFrom[]): records is readonly ConsumedFrom[] =>
  Array.isArray(records)
