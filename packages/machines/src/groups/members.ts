import type { JoinGroupCommand } from './command.ts'
import type { Draft } from './draft.ts'
import { effect, endSession, reply, restartSession } from './draft.ts'
import { joinError } from './join-answer.ts'
import { addMember, memberOf, noAssignment, removeMember, withMember } from './live-group.ts'
import { rebalanceOrCompleteJoin } from './rebalance.ts'
import type { LiveMember, MemberProtocol } from './state.ts'
import { syncError } from './sync-answer.ts'

// New members can't heartbeat while their first JoinGroup waits, and a client that gave up can't be seen, as its
// connection isn't read meanwhile: so one that would wait for ever is dropped after this time.
const newMemberJoinTimeoutMs = 300_000

/** A member that the group doesn't have yet: its join waits, and the group rebalances for it. */
export function addJoiningMember(draft: Draft, command: JoinGroupCommand, memberId: string): void {
  const { request } = command
  if (draft.group.phase === 'PreparingRebalance' && draft.group.fromEmpty) {
    draft.group = { ...draft.group, newMemberAdded: true }
  }
  draft.group = addMember(draft.group, joiningMember(command, memberId), request.protocolType)
  restartSession(draft, memberId, newMemberJoinTimeoutMs)
  effect(draft, 'memberJoined', { memberId, reason: request.reason ?? 'not provided' })
  rebalanceOrCompleteJoin(draft, `new member ${memberId}; client reason: ${request.reason ?? 'not provided'}`)
}

const joiningMember = (command: JoinGroupCommand, memberId: string): LiveMember => ({
  memberId,
  groupInstanceId: command.request.groupInstanceId,
  clientId: command.clientId,
  // As Java prints an address.
  clientHost: `/${command.remoteHost}`,
  ...asked(command),
  assignment: noAssignment,
  joining: { token: command.token, apiVersion: command.apiVersion },
  syncing: null,
  isNew: true,
})

/** A member joins again, perhaps with something else: its join waits. */
export function updateMember(draft: Draft, command: JoinGroupCommand, memberId: string): void {
  const member = memberOf(draft.group, memberId)
  // It asks twice, so nobody waits for the first answer any more; still every request has one.
  if (member.joining !== null) {
    reply(draft, member.joining.token, joinError(member.joining.apiVersion, memberId, 'REBALANCE_IN_PROGRESS'))
  }
  const joining = { token: command.token, apiVersion: command.apiVersion }
  draft.group = withMember(draft.group, { ...member, ...asked(command), joining })
}

/** What a JoinGroup says of its member. Bytes are copied: a view would keep the whole frame. */
function asked(command: JoinGroupCommand) {
  const { sessionTimeoutMs, rebalanceTimeoutMs, protocols } = command.request
  const says = command.apiVersion > 0 && rebalanceTimeoutMs !== -1
  return {
    sessionTimeoutMs,
    rebalanceTimeoutMs: says ? rebalanceTimeoutMs : sessionTimeoutMs,
    protocols: protocols.map(({ name, metadata }): MemberProtocol => ({ name, metadata: new Uint8Array(metadata) })),
  }
}

/** Takes a member out. Whatever of its requests still waits ends here; a client that is still there joins anew. */
export function dismiss(draft: Draft, memberId: string, kind: 'memberLeft' | 'memberExpired', reason: string): void {
  const { joining, syncing } = memberOf(draft.group, memberId)
  if (joining !== null) reply(draft, joining.token, joinError(joining.apiVersion, '', 'UNKNOWN_MEMBER_ID'))
  if (syncing !== null) reply(draft, syncing.token, syncError('UNKNOWN_MEMBER_ID'))
  draft.group = removeMember(draft.group, memberId)
  endSession(draft, memberId)
  effect(draft, kind, { memberId, reason })
}
