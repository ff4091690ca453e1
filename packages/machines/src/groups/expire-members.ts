import type { InitialDelayOverCommand, RebalanceDueCommand, SessionExpiredCommand, SyncDueCommand } from './command.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import { nothing } from './decision.ts'
import type { Draft } from './draft.ts'
import { closeDraft, joinKey, openDraft, setTimer } from './draft.ts'
import { allJoined, findGroup, memberOf, needsNoHeartbeat, removeMember } from './live-group.ts'
import { dismiss } from './members.ts'
import { completeJoin, prepareRebalance } from './rebalance.ts'
import type { GroupsState } from './state.ts'

function onGroup(state: GroupsState, groupId: string, env: GroupEnv, change: (draft: Draft) => void): GroupDecision {
  const group = findGroup(state, groupId)
  if (group === undefined) return nothing
  const draft = openDraft(env, group)
  change(draft)
  return closeDraft(draft, group)
}

/** The first rebalance waited long enough, or waits on because somebody came meanwhile. */
export function initialDelayOver(state: GroupsState, command: InitialDelayOverCommand, env: GroupEnv): GroupDecision {
  return onGroup(state, command.groupId, env, (draft) => {
    if (draft.group.phase !== 'PreparingRebalance') return
    if (draft.group.newMemberAdded && command.remainingMs > 0) waitOn(draft, command)
    else completeJoin(draft)
  })
}

function waitOn(draft: Draft, { groupId, ...waited }: InitialDelayOverCommand): void {
  draft.group = { ...draft.group, newMemberAdded: false }
  const delayMs = Math.min(draft.env.settings.groupInitialRebalanceDelayMs, waited.remainingMs)
  const remainingMs = Math.max(waited.remainingMs - waited.delayMs, 0)
  setTimer(draft, joinKey(groupId), delayMs, { kind: 'initialDelayOver', groupId, delayMs, remainingMs })
}

/** Who hasn't joined by now is left behind. */
export function rebalanceDue(state: GroupsState, { groupId }: RebalanceDueCommand, env: GroupEnv): GroupDecision {
  return onGroup(state, groupId, env, (draft) => {
    if (draft.group.phase === 'PreparingRebalance') completeJoin(draft)
  })
}

/** Who hasn't asked for the assignment by now is taken out, and the rest rebalances. */
export function syncDue(state: GroupsState, { groupId, generation }: SyncDueCommand, env: GroupEnv): GroupDecision {
  return onGroup(state, groupId, env, (draft) => {
    const { phase, pendingSync } = draft.group
    const waits = phase === 'CompletingRebalance' || phase === 'Stable'
    if (generation !== draft.group.generation || !waits || pendingSync.size === 0) return
    for (const memberId of pendingSync) dismiss(draft, memberId, 'memberExpired', "didn't sync in time")
    prepareRebalance(draft, `${pendingSync.size} members didn't sync in time`)
  })
}

/** Nothing was heard of a member, or of an id that was handed out, for its session timeout. */
export function sessionExpired(state: GroupsState, command: SessionExpiredCommand, env: GroupEnv): GroupDecision {
  const { memberId, groupId } = command
  return onGroup(state, groupId, env, (draft) => {
    if (draft.group.pendingJoin.has(memberId)) {
      draft.group = removeMember(draft.group, memberId)
      completeJoinOfTheRest(draft)
    } else if (draft.group.members.has(memberId) && !needsNoHeartbeat(memberOf(draft.group, memberId))) {
      dismiss(draft, memberId, 'memberExpired', 'its session expired')
      if (draft.group.phase === 'PreparingRebalance') completeJoinOfTheRest(draft)
      else prepareRebalance(draft, `the session of ${memberId} expired`)
    }
  })
}

function completeJoinOfTheRest(draft: Draft): void {
  if (draft.group.phase === 'PreparingRebalance' && allJoined(draft.group)) completeJoin(draft)
}
