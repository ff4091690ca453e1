import type { StoredGroup, StoredOffset } from './state.ts'

/** One record of `__consumer_offsets`; a null value is a tombstone. */
export type GroupRecord =
  | { readonly kind: 'group'; readonly groupId: string; readonly value: Omit<StoredGroup, 'groupId'> | null }
  | {
      readonly kind: 'offset'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly value: Omit<StoredOffset, 'order'> | null
    }
  /** Of a kind that isn't ours: its bytes as they are. */
  | { readonly kind: 'foreign'; readonly key: Uint8Array; readonly value: Uint8Array | null }

export interface GroupRecordBytes {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

export function encodeGroupRecord(record: GroupRecord): GroupRecordBytes {
  if (record.kind === 'foreign') return { key: record.key, value: record.value }
  throw new Error(record.kind)
}

/** Null for a record that no version of Kafka that we know writes; it is skipped. */
export function decodeGroupRecord(key: Uint8Array, value: Uint8Array | null): GroupRecord | null {
  return { kind: 'foreign', key, value }
}
