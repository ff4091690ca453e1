import { WireError, coordinatorKeyType, groupRecords } from '@millrace/protocol'
import type { GroupRecord } from './record.ts'
import type { ForeignGroup, ForeignType, GroupsState } from './state.ts'

const prefixes: readonly (readonly [string, ForeignType])[] = [
  ['ConsumerGroup', 'consumer'],
  ['ShareGroup', 'share'],
  ['StreamsGroup', 'streams'],
]

/** The types of record whose tombstone says that the group is gone: they come last. */
const groupIsGone: ReadonlySet<number> = new Set([3, 11, 17])

export const hexText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Whose group a foreign record is about; null where no version of Kafka that we know writes such a record. */
export function foreignOwner(key: Uint8Array): { readonly groupId: string; readonly type: ForeignType } | null {
  const record = groupRecords.get(coordinatorKeyType(key))
  const type = prefixes.find(([prefix]) => record?.name.startsWith(prefix))?.[1]
  if (record === undefined || type === undefined) return null
  const groupId = groupIdOf(decoded(() => record.key.decode(key.subarray(2), 0)))
  return groupId === null ? null : { groupId, type }
}

// A key that doesn't decode belongs to nobody; it isn't used, so that it doesn't stop the partition from loading.
function decoded(decode: () => unknown): unknown {
  try {
    return decode()
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

function groupIdOf(key: unknown): string | null {
  if (typeof key !== 'object' || key === null || !('groupId' in key)) return null
  return typeof key.groupId === 'string' ? key.groupId : null
}

/** Tombstones for all that is known of a group of another type, in an order in which Kafka can replay them. */
export const foreignTombstones = (group: ForeignGroup): GroupRecord[] =>
  [...group.records.values()]
    .map((record) => record.key)
    .toSorted((a, b) => tombstoneRank(b) - tombstoneRank(a))
    .map((key) => ({ kind: 'foreign', key, value: null }))

function tombstoneRank(key: Uint8Array): number {
  const type = coordinatorKeyType(key)
  return groupIsGone.has(type) ? 0 : type
}

export const foreignGroup = (state: GroupsState, groupId: string): ForeignGroup | undefined =>
  state.durable.foreign.get(groupId)
