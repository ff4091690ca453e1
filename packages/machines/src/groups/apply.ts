import type { VolatileChange } from './decision.ts'
import { foreignOwner, hexText } from './foreign.ts'
import { putOffset, removeOffset } from './offsets.ts'
import type { GroupRecord, OffsetValue } from './record.ts'
import type { DurableGroups, GroupsState, StoredGroup, StoredOffset, TopicOffsets } from './state.ts'

/** Who wrote a record: only a replay of transactional batches names a producer. */
export interface RecordOrigin {
  /** -1 for a batch that is no transaction's. */
  readonly transactionalProducerId: number
}

const notTransactional: RecordOrigin = { transactionalProducerId: -1 }

/** The only thing that changes durable state: live, in recovery and on followers. */
export function applyGroupRecord(state: GroupsState, record: GroupRecord, origin = notTransactional): void {
  const { durable } = state
  durable.applied += 1
  switch (record.kind) {
    case 'group':
      if (record.value === null) durable.groups.delete(record.groupId)
      else durable.groups.set(record.groupId, { groupId: record.groupId, ...record.value })
      break
    case 'offset':
      if (record.value === null) forgetOffset(durable, record.groupId, record.topic, record.partition)
      else storeOffset(durable, { ...record, value: record.value }, origin.transactionalProducerId)
      break
    case 'foreign':
      applyForeign(durable, record.key, record.value)
      break
  }
}

type OffsetRecord = Extract<GroupRecord, { kind: 'offset' }> & { readonly value: OffsetValue }

function storeOffset(durable: DurableGroups, record: OffsetRecord, producerId: number): void {
  const { groupId, topic, partition } = record
  const offset: StoredOffset = { ...record.value, order: durable.applied }
  if (!durable.groups.has(groupId) && !durable.foreign.has(groupId)) durable.groups.set(groupId, simpleGroup(groupId))
  const offsets = producerId === -1 ? committedOf(durable, groupId) : pendingOf(durable, groupId, producerId)
  putOffset(offsets, topic, partition, offset)
}

/** A group that only commits offsets: it has no record of its own. */
const simpleGroup = (groupId: string): StoredGroup => ({
  groupId,
  protocolType: '',
  protocolName: null,
  generation: 0,
  leaderId: null,
  stateSinceMs: -1,
  members: [],
})

function committedOf(durable: DurableGroups, groupId: string): TopicOffsets {
  const offsets: TopicOffsets = durable.offsets.get(groupId) ?? new Map()
  durable.offsets.set(groupId, offsets)
  return offsets
}

function pendingOf(durable: DurableGroups, groupId: string, producerId: number): TopicOffsets {
  const producers = durable.pendingOffsets.get(groupId) ?? new Map<number, TopicOffsets>()
  durable.pendingOffsets.set(groupId, producers)
  const offsets: TopicOffsets = producers.get(producerId) ?? new Map()
  producers.set(producerId, offsets)
  const groups = durable.openTransactions.get(producerId) ?? new Set()
  durable.openTransactions.set(producerId, groups.add(groupId))
  return offsets
}

function forgetOffset(durable: DurableGroups, groupId: string, topic: string, partition: number): void {
  const committed = durable.offsets.get(groupId)
  if (committed !== undefined) {
    removeOffset(committed, topic, partition)
    if (committed.size === 0) durable.offsets.delete(groupId)
  }
  for (const [producerId, pending] of durable.pendingOffsets.get(groupId) ?? []) {
    removeOffset(pending, topic, partition)
    if (pending.size === 0) closeTransaction(durable, groupId, producerId)
  }
}

function closeTransaction(durable: DurableGroups, groupId: string, producerId: number): void {
  const producers = durable.pendingOffsets.get(groupId)
  producers?.delete(producerId)
  if (producers?.size === 0) durable.pendingOffsets.delete(groupId)
  const groups = durable.openTransactions.get(producerId)
  groups?.delete(groupId)
  if (groups?.size === 0) durable.openTransactions.delete(producerId)
}

/** A transaction ended: its offsets count now, or never will. */
export function applyGroupMarker(state: GroupsState, producerId: number, result: 'commit' | 'abort'): void {
  const { durable } = state
  for (const groupId of durable.openTransactions.get(producerId) ?? []) {
    const pending = durable.pendingOffsets.get(groupId)?.get(producerId)
    if (result === 'commit' && pending !== undefined) commitPending(durable, groupId, pending)
    closeTransaction(durable, groupId, producerId)
  }
}

// A plain commit that was written after the transaction's own stays.
function commitPending(durable: DurableGroups, groupId: string, pending: TopicOffsets): void {
  const committed = committedOf(durable, groupId)
  for (const [topic, partitions] of pending) {
    for (const [partition, offset] of partitions) {
      const present = committed.get(topic)?.get(partition)
      if (present === undefined || present.order < offset.order) putOffset(committed, topic, partition, offset)
    }
  }
}

function applyForeign(durable: DurableGroups, key: Uint8Array, value: Uint8Array | null): void {
  const owner = foreignOwner(key)
  if (owner === null) return
  const group = durable.foreign.get(owner.groupId) ?? { type: owner.type, records: new Map() }
  if (value === null) group.records.delete(hexText(key))
  else group.records.set(hexText(key), { key, value })
  if (group.records.size === 0) durable.foreign.delete(owner.groupId)
  else durable.foreign.set(owner.groupId, group)
}

/** The only thing that changes what isn't written. */
export function applyGroupVolatile(state: GroupsState, change: VolatileChange): void {
  const { live, due } = state.volatile
  if (change.kind === 'live') {
    if (change.live === null) live.delete(change.groupId)
    else live.set(change.groupId, change.live)
  } else if (change.dueMs === null) due.delete(change.key)
  else due.set(change.key, change.dueMs)
}
