import type { ErrorName } from '@millrace/protocol'
import type { SyncGroupCommand } from './command.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import type { Draft } from './draft.ts'
import { answerOnly, cancelTimer, closeDraft, openDraft, reply, syncKey } from './draft.ts'
import { groupRecord } from './group-record.ts'
import { findGroup, memberOf, noAssignment, withEachMember, withMember, without } from './live-group.ts'
import { becomeStable } from './rebalance.ts'
import type { GroupsState, LiveGroup } from './state.ts'
import { syncError, synced } from './sync-answer.ts'
import { memberError } from './validate.ts'

/** From this version on a member names the protocol that it believes the group has. */
const namesProtocolVersion = 5

/** SyncGroup: the leader brings the assignment, the others wait for it; a stable group's members get theirs at once. */
export function syncGroup(state: GroupsState, command: SyncGroupCommand, env: GroupEnv): GroupDecision {
  const { request, token } = command
  const error = requestError(command)
  if (error !== null) return answerOnly(token, syncError(error))
  const before = findGroup(state, request.groupId)
  if (before === undefined || before.phase === 'Empty') return answerOnly(token, syncError('UNKNOWN_MEMBER_ID'))
  const refusal = groupError(before, command)
  if (refusal !== null) return answerOnly(token, syncError(refusal))
  const draft = openDraft(env, before)
  noteSync(draft, request.memberId)
  if (before.phase === 'Stable') reply(draft, token, synced(before, memberOf(before, request.memberId).assignment))
  else park(draft, command)
  return closeDraft(draft, before)
}

function requestError({ apiVersion, request }: SyncGroupCommand): ErrorName | null {
  const namesProtocol = request.protocolType !== null && request.protocolName !== null
  if (apiVersion >= namesProtocolVersion && !namesProtocol) return 'INCONSISTENT_GROUP_PROTOCOL'
  return request.groupId === '' ? 'INVALID_GROUP_ID' : null
}

function groupError(group: LiveGroup, { request }: SyncGroupCommand): ErrorName | null {
  const error = memberError(group, request.memberId, request.groupInstanceId)
  if (error !== null) return error
  if (request.generationId !== group.generation) return 'ILLEGAL_GENERATION'
  if (differs(request.protocolType, group.protocolType)) return 'INCONSISTENT_GROUP_PROTOCOL'
  if (differs(request.protocolName, group.protocolName)) return 'INCONSISTENT_GROUP_PROTOCOL'
  return group.phase === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : null
}

const differs = (asked: string | null, has: string | null): boolean => asked !== null && has !== null && asked !== has

function noteSync(draft: Draft, memberId: string): void {
  const pendingSync = without(draft.group.pendingSync, memberId)
  if (pendingSync === draft.group.pendingSync) return
  draft.group = { ...draft.group, pendingSync }
  if (pendingSync.size === 0) cancelTimer(draft, syncKey(draft.group.groupId))
}

function park(draft: Draft, command: SyncGroupCommand): void {
  const member = memberOf(draft.group, command.request.memberId)
  // It asks twice, so nobody waits for the first answer any more; still every request has one.
  if (member.syncing !== null) reply(draft, member.syncing.token, syncError('REBALANCE_IN_PROGRESS'))
  const syncing = { token: command.token, apiVersion: command.apiVersion }
  draft.group = withMember(draft.group, { ...member, syncing })
  if (draft.group.leaderId === member.memberId) assign(draft, command)
}

// Whom the leader leaves out gets an empty assignment.
function assign(draft: Draft, { request }: SyncGroupCommand): void {
  const assignments = new Map(request.assignments.map((entry) => [entry.memberId, entry.assignment]))
  draft.group = withEachMember(draft.group, (member) => ({
    ...member,
    assignment: new Uint8Array(assignments.get(member.memberId) ?? noAssignment),
  }))
  draft.records.push(groupRecord(draft.group))
  for (const { syncing, assignment } of draft.group.members.values()) {
    if (syncing !== null) reply(draft, syncing.token, synced(draft.group, assignment))
  }
  becomeStable(draft)
}
