import type {
  DescribeGroupsResponse,
  DeleteGroupsResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListGroupsResponse,
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '@millrace/protocol'

/** Names one request from the moment it is handed in until its answer; the runtime makes them up, never twice. */
export type GroupToken = number

/** One group's part of an OffsetFetch; older versions ask for one group only, which the handler puts into this shape. */
export type OffsetFetchGroup = OffsetFetchRequest['groups'][number]
export type FetchedOffsets = OffsetFetchResponse['groups'][number]
export type DescribedGroup = DescribeGroupsResponse['groups'][number]
export type ListedGroup = ListGroupsResponse['groups'][number]
export type DeletedGroup = DeleteGroupsResponse['results'][number]

export interface DeletedTopic {
  readonly name: string
  readonly topicId: string
}

interface FromClient {
  readonly token: GroupToken
  readonly apiVersion: number
}

export interface JoinGroupCommand extends FromClient {
  readonly kind: 'joinGroup'
  /** The client's name for itself; member ids start with it. */
  readonly clientId: string
  /** The client's address, such as 10.0.0.7. */
  readonly remoteHost: string
  readonly request: JoinGroupRequest
}
export interface SyncGroupCommand extends FromClient {
  readonly kind: 'syncGroup'
  readonly request: SyncGroupRequest
}
export interface HeartbeatCommand extends FromClient {
  readonly kind: 'heartbeat'
  readonly request: HeartbeatRequest
}
export interface LeaveGroupCommand extends FromClient {
  readonly kind: 'leaveGroup'
  readonly request: LeaveGroupRequest
}
/** Topics and partitions that exist and may be read: the handler has taken out the others, and put in names for ids. */
export interface OffsetCommitCommand extends FromClient {
  readonly kind: 'offsetCommit'
  readonly request: OffsetCommitRequest
}
export interface OffsetFetchCommand extends FromClient {
  readonly kind: 'offsetFetch'
  readonly group: OffsetFetchGroup
  readonly requireStable: boolean
}
export interface OffsetDeleteCommand extends FromClient {
  readonly kind: 'offsetDelete'
  readonly request: OffsetDeleteRequest
}
/** Of the request only those groups that live in this partition. */
export interface DescribeGroupsCommand extends FromClient {
  readonly kind: 'describeGroups'
  readonly groupIds: readonly string[]
}
export interface ListGroupsCommand extends FromClient {
  readonly kind: 'listGroups'
  readonly statesFilter: readonly string[]
  readonly typesFilter: readonly string[]
}
/** Of the request only those groups that live in this partition. */
export interface DeleteGroupsCommand extends FromClient {
  readonly kind: 'deleteGroups'
  readonly groupIds: readonly string[]
}
export type ClientCommand =
  | JoinGroupCommand
  | SyncGroupCommand
  | HeartbeatCommand
  | LeaveGroupCommand
  | OffsetCommitCommand
  | OffsetFetchCommand
  | OffsetDeleteCommand
  | DescribeGroupsCommand
  | ListGroupsCommand
  | DeleteGroupsCommand

/** The cluster deleted these topics: their offsets go. */
export interface TopicsDeletedCommand {
  readonly kind: 'topicsDeleted'
  readonly topics: readonly DeletedTopic[]
}

/**
 * What timers hand back. `key` and `dueMs` say which setting of the timer this was: one that was set anew or
 * cancelled while its command lay in a queue changes nothing.
 */
interface FromTimer {
  readonly key: string
  readonly dueMs: number
}
export interface InitialDelayOverCommand extends FromTimer {
  readonly kind: 'initialDelayOver'
  readonly groupId: string
  readonly delayMs: number
  readonly remainingMs: number
}
export interface RebalanceDueCommand extends FromTimer {
  readonly kind: 'rebalanceDue'
  readonly groupId: string
}
export interface SyncDueCommand extends FromTimer {
  readonly kind: 'syncDue'
  readonly groupId: string
  readonly generation: number
}
export interface SessionExpiredCommand extends FromTimer {
  readonly kind: 'sessionExpired'
  readonly groupId: string
  readonly memberId: string
}
export interface ExpireOffsetsCommand extends FromTimer {
  readonly kind: 'expireOffsets'
}
export type TimerCommand =
  | InitialDelayOverCommand
  | RebalanceDueCommand
  | SyncDueCommand
  | SessionExpiredCommand
  | ExpireOffsetsCommand

export type GroupCommand = ClientCommand | TopicsDeletedCommand | TimerCommand

/** The answer to each kind of command: a response body of the command's version, or this partition's part of one. */
export type GroupAnswer =
  | { readonly kind: 'joinGroup'; readonly body: JoinGroupResponse }
  | { readonly kind: 'syncGroup'; readonly body: SyncGroupResponse }
  | { readonly kind: 'heartbeat'; readonly body: HeartbeatResponse }
  | { readonly kind: 'leaveGroup'; readonly body: LeaveGroupResponse }
  | { readonly kind: 'offsetCommit'; readonly body: OffsetCommitResponse }
  | { readonly kind: 'offsetFetch'; readonly body: FetchedOffsets }
  | { readonly kind: 'offsetDelete'; readonly body: OffsetDeleteResponse }
  | { readonly kind: 'describeGroups'; readonly body: readonly DescribedGroup[] }
  | { readonly kind: 'listGroups'; readonly body: readonly ListedGroup[] }
  | { readonly kind: 'deleteGroups'; readonly body: readonly DeletedGroup[] }

export type AnswerKind = GroupAnswer['kind']
export type AnswerBody<Kind extends AnswerKind> = Extract<GroupAnswer, { readonly kind: Kind }>['body']

/** Whether an answer is of this kind, for a caller that asked with a command of the same kind. */
export function answers<Kind extends AnswerKind>(
  kind: Kind,
  answer: GroupAnswer,
): answer is Extract<GroupAnswer, { readonly kind: Kind }> {
  return answer.kind === kind
}
