import { KafkaError } from '@millrace/protocol'
import { fetchOffsets } from '../../admin/group-offsets.ts'
import type { AskedOffset } from '../../admin/list-offsets.ts'
import { listOffsets } from '../../admin/list-offsets.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { retry } from '../../cluster/retry.ts'
import type { TopicPartition, TopicPartitionOffset } from '../../record.ts'
import type { StartPosition } from '../consumer-api.ts'
import type { ConsumerSettings } from '../consumer-settings.ts'
import { keyOf } from '../reading/partition-state.ts'

export type Start = TopicPartition & { readonly start?: StartPosition | undefined }

export interface FoundOffset extends TopicPartitionOffset {
  /** Of what lies before it; -1 where nobody said. */
  readonly leaderEpoch: number
}

export interface Started extends FoundOffset {
  /** -1 where the group has none. */
  readonly committedOffset: number
}

/** Where to start each partition: as it says itself, else the committed offset, else `autoOffsetReset`. */
export async function startOffsets(
  cluster: Cluster,
  settings: ConsumerSettings,
  partitions: readonly Start[],
  signal: AbortSignal,
): Promise<Started[]> {
  const undecided = partitions.filter(({ start }) => start === undefined)
  const committed = await committedOffsets(cluster, settings, undecided, signal)
  const starts = partitions
    .filter((each) => !committed.has(keyOf(each)))
    .map((each): Start => ({ ...each, start: each.start ?? resetPosition(cluster, settings, each) }))
  const resolved = await resolvePositions(cluster, settings, starts, signal)
  const found = new Map(resolved.map((each) => [keyOf(each), each]))
  return partitions.map(({ topic, partition }) => {
    const key = keyOf({ topic, partition })
    const { offset, leaderEpoch } = committed.get(key) ?? found.get(key) ?? { offset: 0, leaderEpoch: -1 }
    return { topic, partition, offset, leaderEpoch, committedOffset: committed.get(key)?.offset ?? -1 }
  })
}

/** What the group has of these partitions. Waits for transactions that are about to commit offsets (KIP-447). */
export async function committedOffsets(
  cluster: Cluster,
  { groupId, isolationLevel }: Pick<ConsumerSettings, 'groupId' | 'isolationLevel'>,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FoundOffset>> {
  if (groupId === undefined || partitions.length === 0) return new Map()
  const options = { signal, requireStable: isolationLevel === 'read_committed' }
  const found = await retry(cluster.settings, () => fetchOffsets(cluster, groupId, partitions, options), { signal })
  return new Map(found.map((each) => [keyOf(each), each]))
}

/** What `autoOffsetReset` says; raises where that is `none`. */
export function resetPosition(cluster: Cluster, settings: ConsumerSettings, partition: TopicPartition): StartPosition {
  const { autoOffsetReset } = settings
  if (typeof autoOffsetReset === 'number') {
    return { timestamp: Math.max(0, Math.floor(cluster.settings.clock.wallMs() - autoOffsetReset)) }
  }
  if (autoOffsetReset !== 'none') return autoOffsetReset
  throw new KafkaError(
    'OFFSET_OUT_OF_RANGE',
    `OFFSET_OUT_OF_RANGE: ${keyOf(partition)} has no usable offset, and autoOffsetReset is none`,
  )
}

/** Offsets of positions; a time after the last record is the partition's end. */
export async function resolvePositions(
  cluster: Cluster,
  { isolationLevel }: Pick<ConsumerSettings, 'isolationLevel'>,
  starts: readonly Start[],
  signal: AbortSignal,
): Promise<FoundOffset[]> {
  for (const { start } of starts) checkStart(start)
  const found = new Map<string, FoundOffset>()
  const ask = async (asked: readonly AskedOffset[]): Promise<void> => {
    if (asked.length === 0) return
    for (const each of await listOffsets(cluster, asked, { signal, isolationLevel })) found.set(keyOf(each), each)
  }
  const asked = starts.flatMap((each): AskedOffset[] => {
    const { topic, partition, start = 'earliest' } = each
    if (typeof start === 'string') return [{ topic, partition, at: start }]
    return 'offset' in start ? [] : [{ topic, partition, at: start.timestamp }]
  })
  await ask(asked)
  const pastTheEnd = asked.filter((each) => (found.get(keyOf(each))?.offset ?? -1) < 0)
  await ask(pastTheEnd.map((each) => ({ ...each, at: 'latest' as const })))
  return starts.map(({ topic, partition, start }) => {
    if (typeof start === 'object' && 'offset' in start) {
      return { topic, partition, offset: start.offset, leaderEpoch: start.leaderEpoch ?? -1 }
    }
    // What lies before an offset that was looked up hasn't been read: there is nothing to compare.
    return { topic, partition, offset: found.get(keyOf({ topic, partition }))?.offset ?? 0, leaderEpoch: -1 }
  })
}

/** Throws a RangeError where it is no place: who writes JavaScript may have mistyped it. */
export function checkStart(start: StartPosition = 'earliest'): void {
  if (start === 'earliest' || start === 'latest') return
  const place: Partial<Record<'offset' | 'timestamp', unknown>> = Object(start)
  const at = 'offset' in place ? place.offset : place.timestamp
  if (Number.isSafeInteger(at) && Number(at) >= 0) return
  const given = typeof start === 'object' ? JSON.stringify(start) : String(start)
  throw new RangeError(`${given} is no place in a partition: expected earliest, latest, { offset } or { timestamp }`)
}
