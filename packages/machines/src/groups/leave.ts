import type { ErrorName } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { GroupAnswer, LeaveGroupCommand } from './command.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import type { Draft } from './draft.ts'
import { answerOnly, closeDraft, endSession, openDraft, reply } from './draft.ts'
import { findGroup, removeMember, staticMemberId } from './live-group.ts'
import { dismiss } from './members.ts'
import { completeJoinIfAllThere, prepareRebalance } from './rebalance.ts'
import type { GroupsState } from './state.ts'
import { memberError } from './validate.ts'

/** From this version on one request can name several members, and each gets its own error. */
const manyMembersVersion = 3

interface Leaving {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly reason: string | null
}

interface Left {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly error: ErrorName
}

/** LeaveGroup: members go by their own id, or, removed by an administrator, by their instance id. */
export function leaveGroup(state: GroupsState, command: LeaveGroupCommand, env: GroupEnv): GroupDecision {
  const { groupId } = command.request
  if (groupId === '') return answerOnly(command.token, leaveError('INVALID_GROUP_ID'))
  const group = findGroup(state, groupId)
  if (group === undefined) {
    const left = leavingMembers(command).map((member): Left => ({ ...member, error: 'UNKNOWN_MEMBER_ID' }))
    return answerOnly(command.token, leaveAnswer(command.apiVersion, left))
  }
  const draft = openDraft(env, group)
  const left = leavingMembers(command).map((member): Left => ({ ...member, error: leave(draft, member) }))
  if (left.some(({ error }) => error === 'NONE')) rebalanceWithoutThem(draft)
  reply(draft, command.token, leaveAnswer(command.apiVersion, left))
  return closeDraft(draft, group)
}

const leavingMembers = ({ apiVersion, request }: LeaveGroupCommand): readonly Leaving[] =>
  apiVersion >= manyMembersVersion
    ? request.members
    : [{ memberId: request.memberId, groupInstanceId: null, reason: null }]

function leave(draft: Draft, { memberId, groupInstanceId, reason }: Leaving): ErrorName {
  const { group } = draft
  if (memberId === '') {
    const current = groupInstanceId === null ? undefined : staticMemberId(group, groupInstanceId)
    if (current === undefined) return 'UNKNOWN_MEMBER_ID'
    dismiss(draft, current, 'memberLeft', reason ?? 'not provided')
  } else if (group.pendingJoin.has(memberId)) {
    draft.group = removeMember(group, memberId)
    endSession(draft, memberId)
  } else {
    const error = memberError(group, memberId, groupInstanceId)
    if (error !== null) return error
    dismiss(draft, memberId, 'memberLeft', reason ?? 'not provided')
  }
  return 'NONE'
}

function rebalanceWithoutThem(draft: Draft): void {
  const { phase } = draft.group
  if (phase === 'PreparingRebalance') completeJoinIfAllThere(draft)
  else if (phase !== 'Empty') prepareRebalance(draft, 'members left')
}

export const leaveError = (error: ErrorName): GroupAnswer => ({
  kind: 'leaveGroup',
  body: { throttleTimeMs: 0, errorCode: errorCode(error), members: [] },
})

function leaveAnswer(apiVersion: number, left: readonly Left[]): GroupAnswer {
  if (apiVersion < manyMembersVersion) return leaveError(left[0]?.error ?? 'NONE')
  const members = left.map(({ memberId, groupInstanceId, error }) => ({
    memberId,
    groupInstanceId,
    errorCode: errorCode(error),
  }))
  return { kind: 'leaveGroup', body: { throttleTimeMs: 0, errorCode: errorCode('NONE'), members } }
}
