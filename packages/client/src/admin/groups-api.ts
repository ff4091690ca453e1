import type { TopicPartition } from '../record.ts'
import type { AdminCallOptions } from './call.ts'
import type { AclOperation } from './names.ts'
import type { Outcomes } from './outcome-types.ts'

/** `classic` groups rebalance by themselves (also Connect's workers), the others are assigned by the broker. */
export type GroupType = 'classic' | 'consumer' | 'share' | 'streams'

/** Kafka's names of the states of groups, of all types together. */
export type GroupState =
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Stable'
  | 'Dead'
  | 'Empty'
  | 'Assigning'
  | 'Reconciling'
  | 'NotReady'

/** A group in a list. */
export interface GroupListing {
  readonly groupId: string
  /** `consumer`, `connect`, `share`, `streams`; empty where a group has only offsets. */
  readonly protocolType: string
  /** Kafka's name of the state, such as Stable or Empty; empty on brokers older than 2.6. */
  readonly state: string
  /** Kafka's name of the type; `classic` on brokers older than 3.8. */
  readonly type: string
}

/** What members of all groups have. */
export interface GroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** Of a Streams member: what its active tasks read. */
  readonly assignment: readonly TopicPartition[]
}

/** A member of a group that rebalances by itself. */
export interface ClassicGroupMember extends GroupMember {
  /** What the member said of itself, in its protocol's own format. */
  readonly metadata: Uint8Array
  readonly assignmentBytes: Uint8Array
}

/** A member of a group of the new protocol (KIP-848). */
export interface ConsumerGroupMember extends GroupMember {
  readonly memberEpoch: number
  readonly rackId: string | null
  readonly subscribedTopics: readonly string[]
  readonly subscribedTopicRegex: string | null
  /** What it shall have once others have let go of it. */
  readonly target: readonly TopicPartition[]
  /** Whether it still speaks the classic protocol; null on brokers older than 4.0. */
  readonly classic: boolean | null
}

/** A member of a share group (KIP-932). */
export interface ShareGroupMember extends GroupMember {
  readonly memberEpoch: number
  readonly rackId: string | null
  readonly subscribedTopics: readonly string[]
}

/** Tasks of a subtopology, by its partitions. */
export interface StreamsTasks {
  readonly subtopologyId: string
  readonly partitions: readonly number[]
}

/** The tasks of a Streams member. */
export interface StreamsAssignment {
  readonly active: readonly StreamsTasks[]
  readonly standby: readonly StreamsTasks[]
  readonly warmup: readonly StreamsTasks[]
}

/** How far a task is: the sum of the offsets of what it reads. */
export interface StreamsTaskOffset {
  readonly subtopologyId: string
  readonly partition: number
  readonly offset: number
}

/** A member of a Streams group (KIP-1071). */
export interface StreamsGroupMember extends GroupMember {
  readonly memberEpoch: number
  readonly topologyEpoch: number
  readonly rackId: string | null
  readonly processId: string
  /** Whether it still speaks the classic protocol. */
  readonly classic: boolean
  /** Where others may ask for its state (Streams' `application.server`); null where it doesn't say. */
  readonly userEndpoint: { readonly host: string; readonly port: number } | null
  /** What it says of itself, for the assignment of standby tasks. */
  readonly clientTags: Readonly<Record<string, string>>
  readonly taskOffsets: readonly StreamsTaskOffset[]
  /** The ends that those are on their way to. */
  readonly taskEndOffsets: readonly StreamsTaskOffset[]
  readonly tasks: StreamsAssignment
  readonly targetTasks: StreamsAssignment
}

/** A topic that a topology has made for itself. */
export interface StreamsTopic {
  readonly name: string
  readonly partitions: number
  /** 0 where it is the broker's `default.replication.factor`. */
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
}

/** A part of a topology that is worked on as a whole. */
export interface StreamsSubtopology {
  readonly subtopologyId: string
  readonly sourceTopics: readonly string[]
  readonly repartitionSinkTopics: readonly string[]
  readonly repartitionSourceTopics: readonly StreamsTopic[]
  readonly changelogTopics: readonly StreamsTopic[]
}

interface AnyGroup {
  readonly groupId: string
  readonly state: string
  readonly protocolType: string
  /** The assignor. */
  readonly protocol: string
  /** Broker id of the coordinator. */
  readonly coordinator: number
  /** null where it wasn't asked for. */
  readonly authorizedOperations: readonly AclOperation[] | null
}

interface Epochs {
  readonly groupEpoch: number
  readonly assignmentEpoch: number
}

/** A group that rebalances by itself. */
export interface ClassicGroupDescription extends AnyGroup {
  readonly type: 'classic'
  readonly members: readonly ClassicGroupMember[]
}

/** A group of the new protocol (KIP-848). */
export interface ConsumerGroupDescription extends AnyGroup, Epochs {
  readonly type: 'consumer'
  readonly members: readonly ConsumerGroupMember[]
}

/** A share group (KIP-932). */
export interface ShareGroupDescription extends AnyGroup, Epochs {
  readonly type: 'share'
  readonly members: readonly ShareGroupMember[]
}

/** A Streams group (KIP-1071). */
export interface StreamsGroupDescription extends AnyGroup, Epochs {
  readonly type: 'streams'
  readonly topologyEpoch: number
  /** null where the group has no topology yet. */
  readonly subtopologies: readonly StreamsSubtopology[] | null
  readonly members: readonly StreamsGroupMember[]
}

/** A group; `type` says which. */
export type GroupDescription =
  | ClassicGroupDescription
  | ConsumerGroupDescription
  | ShareGroupDescription
  | StreamsGroupDescription

/** Which groups to list. */
export interface ListGroupsOptions extends AdminCallOptions {
  /** Only these states; from Kafka 2.6 on. */
  readonly states?: readonly GroupState[]
  /** Only these types; from Kafka 3.8 on. */
  readonly types?: readonly GroupType[]
  /** Only these protocol types, such as consumer; sorted out here. */
  readonly protocolTypes?: readonly string[]
}

/** How to describe groups. */
export interface DescribeGroupsOptions extends AdminCallOptions {
  /** Only look among groups of these types. Default: all that the broker has. */
  readonly types?: readonly GroupType[]
  /** Whether to tell what we may do with each (KIP-430). Default false. */
  readonly includeAuthorizedOperations?: boolean
}

/** A member by the id that the group gave it, or a static one by the instance id that it gave itself. */
export type MemberRef = { readonly memberId: string } | { readonly groupInstanceId: string }

/** Groups of all types and their members. */
export interface GroupsApi {
  /**
   * All groups that we may see, by name. Every broker is asked for those that it coordinates; it rejects where one
   * of them doesn't answer, rather than showing too few. Kafka: ListGroups (KIP-518, KIP-848).
   *
   * @example
   * const idle = await admin.listGroups({ states: ['Empty'], types: ['consumer', 'classic'] })
   */
  listGroups(options?: ListGroupsOptions): Promise<GroupListing[]>

  /**
   * Groups with their members, whatever their type: `type` tells which.
   *
   * Fails with GROUP_ID_NOT_FOUND or GROUP_AUTHORIZATION_FAILED. Kafka: DescribeGroups, ConsumerGroupDescribe
   * (KIP-848), ShareGroupDescribe (KIP-932), StreamsGroupDescribe (KIP-1071), one after the other for what wasn't
   * found yet.
   *
   * @example
   * const group = valuesOf(await admin.describeGroups(['warehouse'])).get('warehouse')
   */
  describeGroups(groupIds: readonly string[], options?: DescribeGroupsOptions): Promise<Outcomes<GroupDescription>>

  /**
   * Deletes groups without members, committed offsets included; any type.
   *
   * Fails with NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND or GROUP_AUTHORIZATION_FAILED. Kafka: DeleteGroups (KIP-229).
   *
   * @example
   * valuesOf(await admin.deleteGroups(['warehouse']))
   */
  deleteGroups(groupIds: readonly string[], options?: AdminCallOptions): Promise<Outcomes<null>>

  /**
   * Has members leave a group, as if they had said so themselves; without `members` all of them. Outcomes are under
   * the ids given. A member that lives joins again.
   *
   * Fails with UNKNOWN_MEMBER_ID, GROUP_ID_NOT_FOUND or GROUP_AUTHORIZATION_FAILED. Kafka: LeaveGroup (KIP-345,
   * KIP-571, KIP-800), from 2.4 on.
   *
   * @example
   * await admin.removeMembers('warehouse', [{ groupInstanceId: 'host-7' }], { reason: 'host-7 was taken down' })
   */
  removeMembers(
    groupId: string,
    members?: readonly MemberRef[],
    options?: AdminCallOptions & { readonly reason?: string },
  ): Promise<Outcomes<null>>
}
