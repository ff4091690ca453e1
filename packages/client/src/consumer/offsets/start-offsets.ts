import { assert } from '@millrace/kernel'
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

/** Longer than this partitions don't wait for those of them whose leader can't be asked. */
export const placedTogetherMs = 2_000

export type Start = TopicPartition & { readonly start?: StartPosition | undefined }

/** A partition that comes: `start` counts before the committed offset, `otherwise` where there is none. */
export type Coming = Start & { readonly otherwise?: StartPosition | undefined }

export interface FoundOffset extends TopicPartitionOffset {
  /** Of what lies before it; -1 where nobody said. */
  readonly leaderEpoch: number
}

export interface Started extends FoundOffset {
  /** Where it starts, while nobody could say what offset that is (`offset` is -1); undefined where nothing says where. */
  readonly start: StartPosition | undefined
  /** -1 where the group has none. */
  readonly committedOffset: number
}

/** Where to start each partition: as it says itself, else the committed offset, else `autoOffsetReset`. */
export async function startOffsets(
  cluster: Cluster,
  settings: ConsumerSettings,
  partitions: readonly Coming[],
  signal: AbortSignal,
): Promise<Started[]> {
  const undecided = partitions.filter(({ start }) => start === undefined)
  const committed = await committedOffsets(cluster, settings, undecided, signal)
  const starts = partitions.map(({ topic, partition, start, otherwise }): Start => {
    const known = committed.get(keyOf({ topic, partition }))
    const policy = otherwise ?? (settings.autoOffsetReset === 'none' ? undefined : resetPosition(cluster, settings))
    return { topic, partition, start: start ?? (known && offsetAt(known)) ?? policy }
  })
  const decided = starts.filter(({ start }) => start !== undefined)
  const resolved = await resolvePositions(cluster, settings, decided, signal, placedTogetherMs)
  const found = new Map(resolved.map((each) => [keyOf(each), each]))
  return starts.map(({ topic, partition, start }) => {
    const key = keyOf({ topic, partition })
    const { offset, leaderEpoch } = found.get(key) ?? { offset: -1, leaderEpoch: -1 }
    return { topic, partition, offset, leaderEpoch, start, committedOffset: committed.get(key)?.offset ?? -1 }
  })
}

const offsetAt = ({ offset, leaderEpoch }: FoundOffset): StartPosition => ({ offset, leaderEpoch })

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

/** What `autoOffsetReset` says, which isn't `none`. */
export function resetPosition(cluster: Cluster, { autoOffsetReset }: ConsumerSettings): StartPosition {
  assert(autoOffsetReset !== 'none', 'nothing says where to start')
  if (typeof autoOffsetReset !== 'number') return autoOffsetReset
  return { timestamp: Math.max(0, Math.floor(cluster.settings.clock.wallMs() - autoOffsetReset)) }
}

/** What is told of a partition where nothing says where to start. */
export const noUsableOffset = (partition: TopicPartition): KafkaError =>
  new KafkaError(
    'OFFSET_OUT_OF_RANGE',
    `OFFSET_OUT_OF_RANGE: ${keyOf(partition)} has no usable offset, and autoOffsetReset is none`,
  )

/**
 * Offsets of positions; a time after the last record is the partition's end. With `partlyMs` those are left out that nobody
 * could say in that time.
 */
export async function resolvePositions(
  cluster: Cluster,
  { isolationLevel }: Pick<ConsumerSettings, 'isolationLevel'>,
  starts: readonly Start[],
  signal: AbortSignal,
  partlyMs?: number,
): Promise<FoundOffset[]> {
  for (const { start } of starts) checkStart(start)
  const found = new Map<string, number>()
  const options = { signal, isolationLevel, ...(partlyMs === undefined ? {} : { partly: true, timeoutMs: partlyMs }) }
  const ask = async (asked: readonly AskedOffset[]): Promise<void> => {
    if (asked.length === 0) return
    for (const each of await listOffsets(cluster, asked, options)) found.set(keyOf(each), each.offset)
  }
  const asked = starts.flatMap((each): AskedOffset[] => {
    const { topic, partition, start = 'earliest' } = each
    if (typeof start === 'string') return [{ topic, partition, at: start }]
    return 'offset' in start ? [] : [{ topic, partition, at: start.timestamp }]
  })
  await ask(asked)
  await ask(asked.filter((each) => found.get(keyOf(each)) === -1).map((each) => ({ ...each, at: 'latest' as const })))
  return starts.flatMap(({ topic, partition, start }): FoundOffset[] => {
    if (typeof start === 'object' && 'offset' in start) {
      return [{ topic, partition, offset: start.offset, leaderEpoch: start.leaderEpoch ?? -1 }]
    }
    const offset = found.get(keyOf({ topic, partition })) ?? -1
    // What lies before an offset that was looked up hasn't been read: there is nothing to compare.
    return offset < 0 ? [] : [{ topic, partition, offset, leaderEpoch: -1 }]
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
