import { unreachable } from '@millrace/kernel'
import {
  coordinatorKeyType,
  decodeCoordinatorKey,
  decodeCoordinatorValue,
  encodeCoordinatorKey,
  encodeCoordinatorValue,
  groupMetadataRecord,
  legacyOffsetCommitRecord,
  offsetCommitRecord,
  zeroUuid,
} from '@millrace/protocol'
import type { GroupMetadataValue, OffsetCommitKey, OffsetCommitValue } from '@millrace/protocol'
import type { StoredGroup, StoredMember, StoredOffset } from './state.ts'

export type GroupValue = Omit<StoredGroup, 'groupId'>
export type OffsetValue = Omit<StoredOffset, 'order'>

/** One record of `__consumer_offsets`; a null value is a tombstone. */
export type GroupRecord =
  | { readonly kind: 'group'; readonly groupId: string; readonly value: GroupValue | null }
  | {
      readonly kind: 'offset'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly value: OffsetValue | null
    }
  /** Of a kind that isn't ours: its bytes as they are. */
  | { readonly kind: 'foreign'; readonly key: Uint8Array; readonly value: Uint8Array | null }

export interface GroupRecordBytes {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

// What Apache Kafka 4.3 writes. An offset with an expiry of its own needs the one version that has the field.
const groupVersion = 3
const offsetVersion = 4
const offsetWithExpiryVersion = 1

export function encodeGroupRecord(record: GroupRecord): GroupRecordBytes {
  switch (record.kind) {
    case 'group':
      return {
        key: encodeCoordinatorKey(groupMetadataRecord, { group: record.groupId }),
        value: record.value === null ? null : encodeGroup(record.value),
      }
    case 'offset': {
      const { groupId: group, topic, partition, value } = record
      const key = encodeCoordinatorKey(offsetCommitRecord, { group, topic, partition })
      return { key, value: value === null ? null : encodeOffset(value) }
    }
    case 'foreign':
      return { key: record.key, value: record.value }
    default:
      return unreachable(record)
  }
}

function encodeGroup(group: GroupValue): Uint8Array {
  const members = group.members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeoutMs,
    sessionTimeout: member.sessionTimeoutMs,
    subscription: member.subscription,
    assignment: member.assignment,
  }))
  const value = {
    protocolType: group.protocolType,
    generation: group.generation,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateSinceMs,
    members,
  }
  return encodeCoordinatorValue(groupMetadataRecord, value, groupVersion)
}

function encodeOffset(offset: OffsetValue): Uint8Array {
  const value = {
    offset: offset.offset,
    leaderEpoch: offset.leaderEpoch,
    metadata: offset.metadata,
    commitTimestamp: offset.committedAtMs,
    expireTimestamp: offset.expiresAtMs,
    topicId: offset.topicId,
  }
  const version = offset.expiresAtMs === -1 ? offsetVersion : offsetWithExpiryVersion
  return encodeCoordinatorValue(offsetCommitRecord, value, version)
}

/** Throws WireError for a record of ours that doesn't decode. */
export function decodeGroupRecord(key: Uint8Array, value: Uint8Array | null): GroupRecord {
  switch (coordinatorKeyType(key)) {
    case groupMetadataRecord.type:
      return {
        kind: 'group',
        groupId: decodeCoordinatorKey(groupMetadataRecord, key).group,
        value: value === null ? null : decodeGroup(decodeCoordinatorValue(groupMetadataRecord, value)),
      }
    case offsetCommitRecord.type:
      return offsetRecord(
        decodeCoordinatorKey(offsetCommitRecord, key),
        value === null ? null : decodeOffset(decodeCoordinatorValue(offsetCommitRecord, value)),
      )
    case legacyOffsetCommitRecord.type:
      return offsetRecord(
        decodeCoordinatorKey(legacyOffsetCommitRecord, key),
        value === null ? null : decodeLegacyOffset(value),
      )
    default:
      return { kind: 'foreign', key: new Uint8Array(key), value: value === null ? null : new Uint8Array(value) }
  }
}

const offsetRecord = (key: OffsetCommitKey, value: OffsetValue | null): GroupRecord => ({
  kind: 'offset',
  groupId: key.group,
  topic: key.topic,
  partition: key.partition,
  value,
})

// The bytes are copied: a view would keep the whole batch that it was read from.
function decodeGroup(value: GroupMetadataValue): GroupValue {
  const members = value.members.map((member): StoredMember => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
    sessionTimeoutMs: member.sessionTimeout,
    subscription: new Uint8Array(member.subscription),
    assignment: new Uint8Array(member.assignment),
  }))
  return {
    protocolType: value.protocolType,
    protocolName: value.protocol,
    generation: value.generation,
    leaderId: value.leader,
    stateSinceMs: value.currentStateTimestamp,
    members,
  }
}

const decodeOffset = (value: OffsetCommitValue): OffsetValue => ({
  offset: value.offset,
  leaderEpoch: value.leaderEpoch,
  metadata: value.metadata,
  committedAtMs: value.commitTimestamp,
  expiresAtMs: value.expireTimestamp,
  topicId: value.topicId,
})

function decodeLegacyOffset(bytes: Uint8Array): OffsetValue {
  const value = decodeCoordinatorValue(legacyOffsetCommitRecord, bytes)
  return {
    offset: value.offset,
    leaderEpoch: -1,
    metadata: value.metadata,
    committedAtMs: value.commitTimestamp,
    expiresAtMs: -1,
    topicId: zeroUuid,
  }
}
