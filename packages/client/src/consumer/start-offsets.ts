import { KafkaError } from '@millrace/protocol'
import type { AskedOffset } from '../admin/list-offsets.ts'
import { listOffsets } from '../admin/list-offsets.ts'
import { fetchOffsets } from '../admin/group-offsets.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition, TopicPartitionOffset } from '../record.ts'
import type { StartPosition } from './consumer-api.ts'
import type { ConsumerSettings } from './consumer-settings.ts'

export type Start = TopicPartition & { readonly start?: StartPosition | undefined }

export interface Started extends TopicPartitionOffset {
  /** -1 where the group has none. */
  readonly committedOffset: number
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`

/** Where to start each partition: as it says itself, else the committed offset, else `autoOffsetReset`. */
export async function startOffsets(
  cluster: Cluster,
  settings: ConsumerSettings,
  partitions: readonly Start[],
  signal: AbortSignal,
): Promise<Started[]> {
  const committed = new Map<string, number>()
  const undecided = partitions.filter(({ start }) => start === undefined)
  if (settings.groupId !== undefined && undecided.length > 0) {
    const options = { signal, requireStable: settings.isolationLevel === 'read_committed' }
    const found = await fetchOffsets(cluster, settings.groupId, undecided, options)
    for (const each of found) committed.set(keyOf(each), each.offset)
  }
  const starts = partitions.map((each): Start => {
    const offset = committed.get(keyOf(each))
    return { ...each, start: each.start ?? (offset === undefined ? resetPosition(settings, each) : { offset }) }
  })
  const offsets = await resolvePositions(cluster, settings, starts, signal)
  return offsets.map((each) => ({ ...each, committedOffset: committed.get(keyOf(each)) ?? -1 }))
}

/** What `autoOffsetReset` says; raises where that is `none`. */
export function resetPosition(settings: ConsumerSettings, partition: TopicPartition): StartPosition {
  if (settings.autoOffsetReset !== 'none') return settings.autoOffsetReset
  throw new KafkaError(
    'OFFSET_OUT_OF_RANGE',
    `OFFSET_OUT_OF_RANGE: ${keyOf(partition)} has no usable offset, and autoOffsetReset is none`,
  )
}

/** Offsets of positions; a time after the last record is the partition's end. */
export async function resolvePositions(
  cluster: Cluster,
  settings: Pick<ConsumerSettings, 'isolationLevel'>,
  starts: readonly Start[],
  signal: AbortSignal,
): Promise<TopicPartitionOffset[]> {
  const { isolationLevel } = settings
  const options = { signal, isolationLevel }
  const asked = starts.flatMap((each): AskedOffset[] => {
    const { topic, partition, start = 'earliest' } = each
    if (typeof start === 'string') return [{ topic, partition, at: start }]
    return 'offset' in start ? [] : [{ topic, partition, at: start.timestamp }]
  })
  const listed = asked.length === 0 ? [] : await listOffsets(cluster, asked, options)
  const found = new Map(listed.map((each) => [keyOf(each), each.offset]))
  const pastTheEnd = asked.filter((each) => (found.get(keyOf(each)) ?? -1) < 0)
  if (pastTheEnd.length > 0) {
    const ends = await listOffsets(
      cluster,
      pastTheEnd.map((each) => ({ ...each, at: 'latest' as const })),
      options,
    )
    for (const each of ends) found.set(keyOf(each), each.offset)
  }
  return starts.map(({ topic, partition, start }) => {
    const offset =
      typeof start === 'object' && 'offset' in start ? start.offset : (found.get(`${topic}-${partition}`) ?? 0)
    return { topic, partition, offset }
  })
}
