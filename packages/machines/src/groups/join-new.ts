import type { Random } from '@millrace/kernel'
import type { JoinGroupCommand } from './command.ts'
import type { Draft } from './draft.ts'
import { effect, endSession, reply, restartSession } from './draft.ts'
import { hexText } from './foreign.ts'
import { groupRecord } from './group-record.ts'
import { joinError, joined } from './join-answer.ts'
import { memberOf, renameMember, staticMemberId, withMember } from './live-group.ts'
import { addJoiningMember, updateMember } from './members.ts'
import { selectProtocol } from './protocols.ts'
import { completeJoinIfAllThere, prepareRebalance, rebalanceOrCompleteJoin } from './rebalance.ts'
import { syncError } from './sync-answer.ts'

/** From this version on a dynamic member first gets an id, so that one that retries isn't counted twice. */
const memberIdRequiredVersion = 4
/** From this version on a leader can be told that there is nothing to assign. */
const skipAssignmentVersion = 9

/** A JoinGroup without a member id. */
export function joinAsNewMember(draft: Draft, command: JoinGroupCommand): void {
  const { groupInstanceId } = command.request
  const memberId = newMemberId(draft.env.random, groupInstanceId ?? command.clientId)
  if (groupInstanceId === null) return joinAsDynamicMember(draft, command, memberId)
  const oldId = staticMemberId(draft.group, groupInstanceId)
  if (oldId === undefined) addJoiningMember(draft, command, memberId)
  else replaceStaticMember(draft, command, oldId, memberId)
}

function joinAsDynamicMember(draft: Draft, command: JoinGroupCommand, memberId: string): void {
  if (command.apiVersion < memberIdRequiredVersion) return addJoiningMember(draft, command, memberId)
  draft.group = { ...draft.group, pendingJoin: new Set(draft.group.pendingJoin).add(memberId) }
  restartSession(draft, memberId, command.request.sessionTimeoutMs)
  reply(draft, command.token, joinError(command.apiVersion, memberId, 'MEMBER_ID_REQUIRED'))
}

/** The client's or instance's name and a random (version 4) UUID as Java prints it. */
function newMemberId(random: Random, name: string): string {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = hexText(bytes)
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return `${name}-${groups.join('-')}`
}

/** A static member restarted: it takes its old place and assignment, and whoever still uses the old id is fenced. */
function replaceStaticMember(draft: Draft, command: JoinGroupCommand, oldId: string, newId: string): void {
  const oldLeader = draft.group.leaderId ?? ''
  fence(draft, oldId)
  draft.group = renameMember(draft.group, oldId, newId)
  restartSession(draft, newId, memberOf(draft.group, newId).sessionTimeoutMs)
  updateMember(draft, command, newId)
  const { groupInstanceId } = command.request
  effect(draft, 'memberReplaced', { memberId: newId, reason: `instance ${String(groupInstanceId)} was ${oldId}` })
  if (draft.group.phase === 'Stable') return rejoinStable(draft, command, oldLeader, newId)
  // The leader may be assigning to the old id right now, which would leave the new one with nothing.
  if (draft.group.phase === 'CompletingRebalance') prepareRebalance(draft, `static member ${newId} came back`)
  else completeJoinIfAllThere(draft)
}

function fence(draft: Draft, memberId: string): void {
  const { joining, syncing } = memberOf(draft.group, memberId)
  if (joining !== null) reply(draft, joining.token, joinError(joining.apiVersion, memberId, 'FENCED_INSTANCE_ID'))
  if (syncing !== null) reply(draft, syncing.token, syncError('FENCED_INSTANCE_ID'))
  endSession(draft, memberId)
}

// The group goes on as it is, unless its protocol changes with the member's new list.
function rejoinStable(draft: Draft, command: JoinGroupCommand, oldLeader: string, newId: string): void {
  if (selectProtocol(draft.group) !== draft.group.protocolName) {
    return rebalanceOrCompleteJoin(draft, `static member ${newId} changes the group's protocol`)
  }
  draft.group = withMember(draft.group, { ...memberOf(draft.group, newId), joining: null })
  draft.records.push(groupRecord(draft.group))
  reply(draft, command.token, rejoined(draft, command.apiVersion, oldLeader, newId))
}

// A leader that old versions can't tell to leave the assignment alone hears its old id as the leader's: so it takes
// itself for a follower.
const rejoined = ({ group }: Draft, apiVersion: number, oldLeader: string, newId: string) =>
  apiVersion >= skipAssignmentVersion
    ? joined(group, newId, apiVersion, { skipAssignment: group.leaderId === newId })
    : joined(group, newId, apiVersion, { leader: oldLeader })
