import type { ReadRecord } from '@millrace/protocol'
import type { DumpValue } from './dump-row.ts'

// Kinds of records in Kafka's `__cluster_metadata`, by the type that stands in their frame.
const names: ReadonlyMap<number, string> = new Map([
  [0, 'RegisterBrokerRecord'],
  [1, 'UnregisterBrokerRecord'],
  [2, 'TopicRecord'],
  [3, 'PartitionRecord'],
  [4, 'ConfigRecord'],
  [5, 'PartitionChangeRecord'],
  [7, 'FenceBrokerRecord'],
  [8, 'UnfenceBrokerRecord'],
  [9, 'RemoveTopicRecord'],
  [10, 'DelegationTokenRecord'],
  [11, 'UserScramCredentialRecord'],
  [12, 'FeatureLevelRecord'],
  [14, 'ClientQuotaRecord'],
  [15, 'ProducerIdsRecord'],
  [17, 'BrokerRegistrationChangeRecord'],
  [18, 'AccessControlEntryRecord'],
  [19, 'RemoveAccessControlEntryRecord'],
  [20, 'NoOpRecord'],
  [21, 'ZkMigrationRecord'],
  [22, 'RemoveUserScramCredentialRecord'],
  [23, 'BeginTransactionRecord'],
  [24, 'EndTransactionRecord'],
  [25, 'AbortTransactionRecord'],
  [26, 'RemoveDelegationTokenRecord'],
  [27, 'RegisterControllerRecord'],
  [28, 'ClearElrRecord'],
  [29, 'UnregisterControllerRecord'],
])

/** The frame of a record of KRaft's metadata log: varint frame version, type and version, then a body left as it is. */
export function metadataRecord({ value }: Pick<ReadRecord, 'value'>): DumpValue {
  if (value === null) return { undecodable: 'no value' }
  const frame = { at: 0 }
  const [frameVersion, type, version] = [varint(value, frame), varint(value, frame), varint(value, frame)]
  return { record: names.get(type) ?? `type ${type}`, frameVersion, version, body: value.subarray(frame.at) }
}

function varint(bytes: Uint8Array, from: { at: number }): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[from.at]
    if (byte === undefined) throw new Error('a frame that ends too soon')
    from.at += 1
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value
  }
  throw new Error('a varint of more than five bytes')
}
