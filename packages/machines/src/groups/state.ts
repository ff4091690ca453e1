import type { GroupToken } from './command.ts'

/** A member as its group's record has it. */
export interface StoredMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** Its metadata for the group's protocol. */
  readonly subscription: Uint8Array
  readonly assignment: Uint8Array
}

/** A group as its newest record has it; one that only commits offsets has none, and all its fields say so. */
export interface StoredGroup {
  readonly groupId: string
  /** Empty for a group that only commits offsets. */
  readonly protocolType: string
  readonly protocolName: string | null
  readonly generation: number
  readonly leaderId: string | null
  /** Wall time since when it is empty (or else stable); -1 where an old record doesn't say. */
  readonly stateSinceMs: number
  readonly members: readonly StoredMember[]
}

export interface StoredOffset {
  readonly offset: number
  /** -1 where the client didn't say. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly committedAtMs: number
  /** Only commits of old clients (v2-4) name one; -1 otherwise. */
  readonly expiresAtMs: number
  /** All zeroes where the commit came with a name only. */
  readonly topicId: string
  /** Counts what was applied: of a plain and a transactional commit the later one wins. */
  readonly order: number
}

/** Offsets by topic and partition. */
export type TopicOffsets = Map<string, Map<number, StoredOffset>>

type GroupPhase = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export interface MemberProtocol {
  readonly name: string
  readonly metadata: Uint8Array
}

/** A request that waits for its group. */
interface Parked {
  readonly token: GroupToken
  readonly apiVersion: number
}

export interface LiveMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocols: readonly MemberProtocol[]
  readonly assignment: Uint8Array
  /** Its JoinGroup that waits for the others. */
  readonly joining: Parked | null
  /** Its SyncGroup that waits for the leader's. */
  readonly syncing: Parked | null
  /** Has not been told its member id yet, so it can't heartbeat: its session runs although it waits. */
  readonly isNew: boolean
}

/** A group between its records: what Kafka keeps in memory only. One that isn't here is as its record says. */
export interface LiveGroup {
  readonly groupId: string
  readonly phase: GroupPhase
  /** Whether the rebalance that is being prepared is the first one after nobody was there. */
  readonly fromEmpty: boolean
  readonly phaseSinceMs: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly generation: number
  readonly leaderId: string | null
  readonly members: ReadonlyMap<string, LiveMember>
  /** Ids that were handed out (MEMBER_ID_REQUIRED) and haven't come back. */
  readonly pendingJoin: ReadonlySet<string>
  /** Members that got the generation and haven't asked for their assignment. */
  readonly pendingSync: ReadonlySet<string>
  /** Somebody came while the first rebalance waited, so that it may wait longer. */
  readonly newMemberAdded: boolean
  /** What its consumers subscribe to; null where that isn't known. */
  readonly subscribedTopics: ReadonlySet<string> | null
}

/** A record of a kind that this coordinator keeps but doesn't use (KIP-848 groups of an adopted directory). */
interface ForeignRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}
export type ForeignType = 'consumer' | 'share' | 'streams'

export interface ForeignGroup {
  readonly type: ForeignType
  /** By the hexadecimal text of the key. */
  readonly records: Map<string, ForeignRecord>
}

/** Everything that one partition of `__consumer_offsets` says. `apply` alone changes it. */
export interface DurableGroups {
  readonly groups: Map<string, StoredGroup>
  readonly offsets: Map<string, TopicOffsets>
  /** Offsets of open transactions, by group and producer id. */
  readonly pendingOffsets: Map<string, Map<number, TopicOffsets>>
  /** The groups that a producer's open transaction has offsets in. */
  readonly openTransactions: Map<number, Set<string>>
  readonly foreign: Map<string, ForeignGroup>
  /** How many records were applied. */
  applied: number
}

/** What isn't written. `applyVolatile` alone changes it. */
interface VolatileGroups {
  readonly live: Map<string, LiveGroup>
  /** When each timer that is set falls due, by its key. */
  readonly due: Map<string, number>
}

export interface GroupsState {
  readonly durable: DurableGroups
  readonly volatile: VolatileGroups
}

export const createGroupsState = (): GroupsState => ({
  durable: {
    groups: new Map(),
    offsets: new Map(),
    pendingOffsets: new Map(),
    openTransactions: new Map(),
    foreign: new Map(),
    applied: 0,
  },
  volatile: { live: new Map(), due: new Map() },
})
