import type { BrokerEpoch, BrokerId, LeaderEpoch, PartitionEpoch, ProducerId } from '@millrace/kernel'

/** Version of what the keys hold. A broker refuses a newer one: it can't know what it would overlook. */
export const valueVersion = 1

/** A value that this broker can't read: written by a newer Millrace, or damaged. */
export class MetadataFormatError extends Error {
  override name = 'MetadataFormatError'
}

export interface ListenerAddress {
  /** Name of the listener, such as PLAINTEXT. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly securityProtocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
}

export interface ClusterValue {
  readonly clusterId: string
}

export interface ControllerValue {
  readonly brokerId: BrokerId
}

export interface BrokerValue {
  readonly listeners: readonly ListenerAddress[]
  readonly rack: string | null
  /**
   * `starting` is Kafka's "fenced": alive, but neither led to nor shown. `leaving` is its controlled shutdown: still
   * serving, but leadership is taken off it and not given to it.
   */
  readonly state: 'starting' | 'running' | 'leaving'
  /** A random uuid of this life of the process. */
  readonly incarnationId: string
  readonly directoryIds: readonly string[]
  /** Those of `directoryIds` that take no new partitions (KIP-1066). */
  readonly cordonedDirectoryIds?: readonly string[]
  /**
   * The oldest epoch of this broker since which its log directories have lost nothing: every restart after it was
   * a clean one, or in the same boot of the machine with the same directory ids. Null: they vouch for this life only.
   * An ISR entry of this broker under an older epoch doesn't count for election.
   */
  readonly intactSince: BrokerEpoch | null
  /** Partitions of which the broker can't use its replica, by topic id: the log directory that they lie in has failed. */
  readonly offlinePartitions?: OfflinePartitions
}

export type OfflinePartitions = Readonly<Record<string, readonly number[]>>

export interface TopicValue {
  readonly topicId: string
  /** Replicas of partition 0, 1, ...; the first of each is its preferred leader. */
  readonly replicas: readonly (readonly BrokerId[])[]
}

/** A broker in an ISR, in the life in which it joined. */
export interface IsrMember {
  readonly brokerId: BrokerId
  readonly brokerEpoch: BrokerEpoch
}

export interface PartitionValue {
  /** -1 where there is none. */
  readonly leader: BrokerId
  readonly leaderEpoch: LeaderEpoch
  /** Invariant: never empty; holds the leader where there is one. */
  readonly isr: readonly IsrMember[]
  readonly partitionEpoch: PartitionEpoch
}

export interface ConfigValue {
  readonly configs: Readonly<Record<string, string>>
}

export interface ProducerIdsValue {
  readonly next: ProducerId
}

export const encodeValue = (value: object): string => JSON.stringify({ version: valueVersion, ...value })

/** What `encodeValue` was given for this key; refuses what this broker can't know. */
export function decodeValue(key: string, text: string): object {
  const value = parseJson(key, text)
  const version: unknown = 'version' in value ? value.version : undefined
  if (typeof version !== 'number' || version < 1) {
    throw new MetadataFormatError(`${key} has no format version: got '${text.slice(0, 80)}'`)
  }
  if (version > valueVersion) {
    throw new MetadataFormatError(
      `${key} has format version ${version}, this broker knows up to ${valueVersion}: a newer Millrace wrote it`,
    )
  }
  return value
}

function parseJson(key: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    throw new MetadataFormatError(`${key} doesn't hold JSON: got '${text.slice(0, 80)}'`, { cause: error })
  }
  throw new MetadataFormatError(`${key} doesn't hold a JSON object: got '${text.slice(0, 80)}'`)
}
