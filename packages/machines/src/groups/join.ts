import type { JoinGroupCommand } from './command.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import type { Draft } from './draft.ts'
import { answerOnly, closeDraft, openDraft, reply } from './draft.ts'
import { foreignGroup, foreignTombstones } from './foreign.ts'
import { newGroupRecord } from './group-record.ts'
import { joinError, joined } from './join-answer.ts'
import { joinAsNewMember } from './join-new.ts'
import { countJoining, findGroup, memberOf, newGroup, removeMember } from './live-group.ts'
import { addJoiningMember, updateMember } from './members.ts'
import { sameProtocols, supportsProtocols } from './protocols.ts'
import { rebalanceOrCompleteJoin } from './rebalance.ts'
import type { GroupsState } from './state.ts'
import { memberError } from './validate.ts'

/** JoinGroup: answered at once with an error or the running generation, else when the others have joined too. */
export function joinGroup(state: GroupsState, command: JoinGroupCommand, env: GroupEnv): GroupDecision {
  const { request, token, apiVersion } = command
  const { groupId, memberId, sessionTimeoutMs } = request
  const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = env.settings
  if (groupId === '') return answerOnly(token, joinError(apiVersion, memberId, 'INVALID_GROUP_ID'))
  if (sessionTimeoutMs < groupMinSessionTimeoutMs || sessionTimeoutMs > groupMaxSessionTimeoutMs) {
    return answerOnly(token, joinError(apiVersion, memberId, 'INVALID_SESSION_TIMEOUT'))
  }
  const foreign = foreignGroup(state, groupId)
  if (foreign?.type === 'share') return answerOnly(token, joinError(apiVersion, '', 'INCONSISTENT_GROUP_PROTOCOL'))
  const before = foreign === undefined ? findGroup(state, groupId) : undefined
  if (before === undefined && memberId !== '') {
    return answerOnly(token, joinError(apiVersion, memberId, 'UNKNOWN_MEMBER_ID'))
  }
  const draft = openDraft(env, before ?? newGroup(groupId, env.wallMs))
  joinDraft(draft, command)
  // A group is durable from its first mention, and takes over one of another type that nobody is in any more.
  if (before === undefined && draft.records.length === 0) draft.records.push(newGroupRecord(draft.group))
  if (foreign !== undefined) draft.records.unshift(...foreignTombstones(foreign))
  return closeDraft(draft, before)
}

function joinDraft(draft: Draft, command: JoinGroupCommand): void {
  const { memberId } = command.request
  if (!hasRoomFor(draft, memberId)) {
    draft.group = removeMember(draft.group, memberId)
    reply(draft, command.token, joinError(command.apiVersion, '', 'GROUP_MAX_SIZE_REACHED'))
  } else if (!supportsProtocols(draft.group, command.request.protocolType, command.request.protocols)) {
    reply(draft, command.token, joinError(command.apiVersion, memberId, 'INCONSISTENT_GROUP_PROTOCOL'))
  } else if (memberId === '') joinAsNewMember(draft, command)
  else if (draft.group.pendingJoin.has(memberId)) joinAsPendingMember(draft, command)
  else joinAgain(draft, command)
}

// While members rejoin, those that wait count, not the size: it may be over a limit that was lowered, and then the
// last to rejoin have to go.
function hasRoomFor({ group, env }: Draft, memberId: string): boolean {
  const { groupMaxSize } = env.settings
  const member = group.members.get(memberId)
  if (group.phase === 'Empty') return true
  if (group.phase !== 'PreparingRebalance') return member !== undefined || group.members.size < groupMaxSize
  return (member?.joining ?? null) !== null || countJoining(group) < groupMaxSize
}

function joinAsPendingMember(draft: Draft, command: JoinGroupCommand): void {
  const { memberId, groupInstanceId } = command.request
  // Ids are handed out beforehand to dynamic members only.
  if (groupInstanceId !== null) {
    return reply(draft, command.token, joinError(command.apiVersion, '', 'UNKNOWN_SERVER_ERROR'))
  }
  addJoiningMember(draft, command, memberId)
}

function joinAgain(draft: Draft, command: JoinGroupCommand): void {
  const { token, apiVersion, request } = command
  const { memberId } = request
  const error = memberError(draft.group, memberId, request.groupInstanceId)
  if (error !== null) return reply(draft, token, joinError(apiVersion, memberId, error))
  if (draft.group.phase === 'Empty') return reply(draft, token, joinError(apiVersion, memberId, 'UNKNOWN_MEMBER_ID'))
  if (hasNothingNew(draft, command)) return reply(draft, token, joined(draft.group, memberId, apiVersion))
  const phase = draft.group.phase
  updateMember(draft, command, memberId)
  const reason = request.reason ?? 'not provided'
  rebalanceOrCompleteJoin(draft, `member ${memberId} joins again while ${phase}; client reason: ${reason}`)
}

// It may have missed the answer to its first JoinGroup. The leader of a stable group, though, joins again when
// something changed that its metadata doesn't show: partitions that were added.
function hasNothingNew({ group }: Draft, { request }: JoinGroupCommand): boolean {
  if (group.phase === 'PreparingRebalance') return false
  if (group.phase === 'Stable' && group.leaderId === request.memberId) return false
  return sameProtocols(memberOf(group, request.memberId).protocols, request.protocols)
}
