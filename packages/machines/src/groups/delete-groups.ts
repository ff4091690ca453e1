import type { ErrorName } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { DeleteGroupsCommand, DeletedGroup } from './command.ts'
import type { GroupDecision, GroupEffect, GroupEnv, VolatileChange } from './decision.ts'
import { offsetTombstone } from './delete-offsets.ts'
import { answerOnly, endSession, cancelTimer, joinKey, openDraft } from './draft.ts'
import { foreignTombstones } from './foreign.ts'
import { groupTombstone } from './group-record.ts'
import { findGroup } from './live-group.ts'
import { offsetPlaces } from './offsets.ts'
import type { GroupRecord } from './record.ts'
import type { GroupsState, LiveGroup } from './state.ts'

/** DeleteGroups: of groups without members, with all their offsets. */
export function deleteGroups(state: GroupsState, command: DeleteGroupsCommand, env: GroupEnv): GroupDecision {
  const body = command.groupIds.map((groupId) => deletedGroup(groupId, deletionError(state, groupId)))
  const gone = new Set(body.filter((result) => result.errorCode === errorCode('NONE')).map(({ groupId }) => groupId))
  const parts = [...gone].map((groupId) => ({ groupId, ...deletion(state, groupId, env) }))
  return {
    ...answerOnly(command.token, { kind: 'deleteGroups', body }),
    records: parts.flatMap(({ groupId, records }) => [...allOffsetTombstones(state, groupId), ...records]),
    changes: parts.flatMap(({ changes }) => changes),
    timers: parts.flatMap(({ timers }) => timers),
    effects: parts.map(({ groupId }): GroupEffect => ({ kind: 'groupDeleted', groupId, reason: 'asked for' })),
  }
}

const deletedGroup = (groupId: string, error: ErrorName): DeletedGroup => ({ groupId, errorCode: errorCode(error) })

function deletionError(state: GroupsState, groupId: string): ErrorName {
  const group = findGroup(state, groupId)
  if (group === undefined) return state.durable.foreign.has(groupId) ? 'NONE' : 'GROUP_ID_NOT_FOUND'
  return group.phase === 'Empty' ? 'NONE' : 'NON_EMPTY_GROUP'
}

function allOffsetTombstones({ durable }: GroupsState, groupId: string): GroupRecord[] {
  return [...offsetPlaces(durable, groupId)].map(({ topic, partition }) => offsetTombstone(groupId, topic, partition))
}

/** What removes a group without members, its offsets aside: tombstones, and an end to what is still in memory. */
export function deletion(
  state: GroupsState,
  groupId: string,
  env: GroupEnv,
): Pick<GroupDecision, 'records' | 'changes' | 'timers'> {
  const foreign = state.durable.foreign.get(groupId)
  const group = findGroup(state, groupId)
  const records = foreign === undefined ? [] : foreignTombstones(foreign)
  if (group === undefined) return { records, changes: [], timers: [] }
  return { records: [...records, groupTombstone(groupId)], ...endOfLife(group, env) }
}

// Ids that were handed out and never came back still have sessions.
function endOfLife(group: LiveGroup, env: GroupEnv): Pick<GroupDecision, 'changes' | 'timers'> {
  const draft = openDraft(env, group)
  for (const memberId of group.pendingJoin) endSession(draft, memberId)
  cancelTimer(draft, joinKey(group.groupId))
  const dead: VolatileChange = { kind: 'live', groupId: group.groupId, live: null }
  return { changes: [dead, ...draft.due], timers: draft.timers }
}

export const deleteGroupsError = (groupIds: readonly string[], error: ErrorName): DeletedGroup[] =>
  groupIds.map((groupId) => deletedGroup(groupId, error))
