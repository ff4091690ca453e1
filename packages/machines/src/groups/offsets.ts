import type { DurableGroups, StoredOffset, TopicOffsets } from './state.ts'

export function putOffset(offsets: TopicOffsets, topic: string, partition: number, offset: StoredOffset): void {
  const partitions = offsets.get(topic)
  if (partitions === undefined) offsets.set(topic, new Map([[partition, offset]]))
  else partitions.set(partition, offset)
}

export function removeOffset(offsets: TopicOffsets, topic: string, partition: number): void {
  const partitions = offsets.get(topic)
  partitions?.delete(partition)
  if (partitions?.size === 0) offsets.delete(topic)
}

export const committedOffset = (
  durable: DurableGroups,
  groupId: string,
  topic: string,
  partition: number,
): StoredOffset | undefined => durable.offsets.get(groupId)?.get(topic)?.get(partition)

/** Whether an open transaction has an offset for this partition. */
export function hasPendingOffset(durable: DurableGroups, groupId: string, topic: string, partition: number): boolean {
  for (const offsets of durable.pendingOffsets.get(groupId)?.values() ?? []) {
    if (offsets.get(topic)?.has(partition) === true) return true
  }
  return false
}

export interface OffsetPlace {
  readonly topic: string
  readonly partition: number
}

/** Each partition of a group that has an offset, committed or in an open transaction, once. */
export function* offsetPlaces(durable: DurableGroups, groupId: string): Generator<OffsetPlace> {
  const committed = durable.offsets.get(groupId)
  if (committed !== undefined) yield* placesOf(committed)
  const seen = new Set<string>()
  for (const offsets of durable.pendingOffsets.get(groupId)?.values() ?? []) {
    for (const place of placesOf(offsets)) {
      const name = `${place.topic}-${place.partition}`
      if (seen.has(name) || committed?.get(place.topic)?.has(place.partition) === true) continue
      seen.add(name)
      yield place
    }
  }
}

function* placesOf(offsets: TopicOffsets): Generator<OffsetPlace> {
  for (const [topic, partitions] of offsets) {
    for (const partition of partitions.keys()) yield { topic, partition }
  }
}
