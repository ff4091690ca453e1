import type { CallOptions, ClientOptions } from '../client-options.ts'
import type { ConsumerRecord, TopicPartition, TopicPartitionOffset } from '../record.ts'

/** Where to start reading: an offset, the first record at or after a time, or an end of the partition. */
export type StartPosition = 'earliest' | 'latest' | { readonly offset: number } | { readonly timestamp: number }

/** A partition to read without joining a group, and from where. */
export interface ManualAssignment extends TopicPartition {
  /** Default: the group's committed offset where there is a `groupId`, else `autoOffsetReset`. */
  readonly start?: StartPosition
}

export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'

/** What a consumer takes besides where the cluster is. Names are camelCase of Kafka's, defaults are Kafka's. */
export interface ConsumerOptions extends ClientOptions {
  /** With a group, the group's coordinator gives out the partitions and keeps the offsets. */
  readonly groupId?: string
  /** A name that outlives this process: a restart within the session timeout causes no rebalance. */
  readonly groupInstanceId?: string
  /** Topics to read: with a group the partitions that it gives us, without one all of them. */
  readonly topics?: string | readonly string[]
  /** Partitions to read, in place of `topics`. With a `groupId` its committed offsets are used and kept. */
  readonly assignment?: readonly ManualAssignment[]
  /** Where to start a partition of `topics`, committed offset or not. Default: the committed offset. */
  readonly start?: StartPosition
  /** Where to start where no offset is committed, or the one there is gone. Default `latest`. */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none'
  /** Ends the loop at what was each partition's end when it was assigned. Default false. */
  readonly stopAtEnd?: boolean
  /** Commits what the loop is done with, each `autoCommitIntervalMs` and at the end. Default true with a group. */
  readonly enableAutoCommit?: boolean
  /** Default 5,000. */
  readonly autoCommitIntervalMs?: number
  /** Default `read_uncommitted`. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  /** How long the group waits for a member that is silent. Default 45,000 ms. */
  readonly sessionTimeoutMs?: number
  /** Default 3,000 ms. */
  readonly heartbeatIntervalMs?: number
  /** How long the loop may take for what it was given before the member leaves the group. Default 300,000 ms. */
  readonly maxPollIntervalMs?: number
  /** Names of assignors that the group may choose from. Default `['range', 'cooperative-sticky']`, as in Kafka. */
  readonly partitionAssignmentStrategy?: readonly AssignorName[]
  /** A fetch is answered when this many bytes are there. Default 1. */
  readonly fetchMinBytes?: number
  /** ... or when this much time has passed. Default 500 ms. */
  readonly fetchMaxWaitMs?: number
  /** Bytes that a fetch may bring. Default 52,428,800. */
  readonly fetchMaxBytes?: number
  /** Bytes that a fetch may bring of one partition. Default 1,048,576. */
  readonly maxPartitionFetchBytes?: number
  /** What one batch may decompress to. Default 128 MiB. */
  readonly maxDecompressedBytes?: number
  /** Checks the CRC of every batch. Default true. */
  readonly checkCrcs?: boolean
  /** Whether a topic that isn't there may be created by the broker. Default true. */
  readonly allowAutoTopicCreation?: boolean
  /** Called with the partitions that were added; reading of them starts when it has resolved. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** Called before partitions go to another member: the last moment to commit for them. */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** Called when partitions are gone already (the group moved on without us). */
  readonly onLost?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** Ends every wait, the loop included, and leaves the group. */
  readonly signal?: AbortSignal
}

/** How far the reading of a partition has got. */
export interface PartitionPosition extends TopicPartitionOffset {
  /** End of what may be read, as of the last fetch; -1 before the first. */
  readonly endOffset: number
  /** Records between the position and that end; -1 before the first fetch. */
  readonly lag: number
}

/**
 * What `Consumer` offers. A record counts as done when the loop asks for the next one; automatic commits, `break` and
 * `close` commit only what is done.
 *
 * @example for await (const record of consumer) console.log(record.topic, record.offset, record.value?.toString())
 */
export interface ConsumerApi extends AsyncIterable<ConsumerRecord>, AsyncDisposable {
  /** Commits the record's offset + 1 (or, with no argument, everything that is done) and resolves when the group has it. */
  commit(record?: ConsumerRecord, options?: CallOptions): Promise<void>
  /** Commits these offsets as they are: each is the next to read. */
  commitOffsets(offsets: readonly TopicPartitionOffset[], options?: CallOptions): Promise<void>
  /** Reads on from there; what is buffered of the partition is dropped. */
  seek(partition: TopicPartition, to: StartPosition, options?: CallOptions): Promise<void>
  /** No more records of these come out until `resume`; other partitions go on. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** The partitions that are read now, with the position of each: the next record that comes out. */
  positions(): PartitionPosition[]
  /** Commits what is done where that is asked for, leaves the group and disconnects; a loop that waits ends. */
  close(): Promise<void>
}
