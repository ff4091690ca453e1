import type { ErrorName } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { GroupAnswer, HeartbeatCommand } from './command.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import { answerOnly, closeDraft, openDraft, reply, restartSession } from './draft.ts'
import { findGroup, memberOf } from './live-group.ts'
import type { GroupsState, LiveGroup } from './state.ts'
import { memberError } from './validate.ts'

export const heartbeatAnswer = (error: ErrorName): GroupAnswer => ({
  kind: 'heartbeat',
  body: { throttleTimeMs: 0, errorCode: errorCode(error) },
})

/** Heartbeat: keeps the member's session, and tells it when it has to join again. */
export function heartbeat(state: GroupsState, command: HeartbeatCommand, env: GroupEnv): GroupDecision {
  const { request, token } = command
  if (request.groupId === '') return answerOnly(token, heartbeatAnswer('INVALID_GROUP_ID'))
  const group = findGroup(state, request.groupId)
  const error = group === undefined ? 'UNKNOWN_MEMBER_ID' : groupError(group, command)
  if (group === undefined || error !== null) return answerOnly(token, heartbeatAnswer(error ?? 'UNKNOWN_MEMBER_ID'))
  const draft = openDraft(env, group)
  restartSession(draft, request.memberId, memberOf(group, request.memberId).sessionTimeoutMs)
  // While the assignment is awaited members already heartbeat as if it were there.
  reply(draft, token, heartbeatAnswer(group.phase === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'))
  return closeDraft(draft, group)
}

function groupError(group: LiveGroup, { request }: HeartbeatCommand): ErrorName | null {
  const error = memberError(group, request.memberId, request.groupInstanceId)
  if (error !== null) return error
  return request.generationId === group.generation ? null : 'ILLEGAL_GENERATION'
}
