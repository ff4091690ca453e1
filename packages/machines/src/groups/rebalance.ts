import { assert } from '@millrace/kernel'
import type { Draft } from './draft.ts'
import { cancelTimer, effect, endSession, joinKey, reply, restartSession, setTimer, syncKey } from './draft.ts'
import { groupRecord } from './group-record.ts'
import { joined } from './join-answer.ts'
import { allJoined, noAssignment, rebalanceTimeoutMs, removeMember, withEachMember } from './live-group.ts'
import { selectProtocol } from './protocols.ts'
import type { LiveGroup } from './state.ts'
import { subscribedTopics } from './subscription.ts'
import { syncError } from './sync-answer.ts'

/** A member came, went or changed: starts a rebalance, or ends the one that goes on if all are there now. */
export function rebalanceOrCompleteJoin(draft: Draft, reason: string): void {
  if (draft.group.phase === 'PreparingRebalance') completeJoinIfAllThere(draft)
  else prepareRebalance(draft, reason)
}

/** Members are to join anew. They have until the longest of their rebalance timeouts. */
export function prepareRebalance(draft: Draft, reason: string): void {
  if (draft.group.phase === 'CompletingRebalance') sendSyncersAway(draft)
  const fromEmpty = draft.group.phase === 'Empty'
  if (!fromEmpty) cancelTimer(draft, syncKey(draft.group.groupId))
  draft.group = {
    ...draft.group,
    phase: 'PreparingRebalance',
    fromEmpty,
    phaseSinceMs: draft.env.wallMs,
    pendingSync: new Set(),
  }
  effect(draft, 'rebalanceStarted', { generation: draft.group.generation, reason })
  if (fromEmpty) waitForFirstMembers(draft)
  else if (allJoined(draft.group)) completeJoin(draft)
  else waitForMembers(draft)
}

// Who waits for an assignment that won't come now has to join again.
function sendSyncersAway(draft: Draft): void {
  for (const { memberId, sessionTimeoutMs, syncing } of draft.group.members.values()) {
    if (syncing === null) continue
    reply(draft, syncing.token, syncError('REBALANCE_IN_PROGRESS'))
    restartSession(draft, memberId, sessionTimeoutMs)
  }
  draft.group = withEachMember(draft.group, (member) => ({ ...member, assignment: noAssignment, syncing: null }))
}

// Consumers of one application start together: the first rebalance waits for those that are about to come.
function waitForFirstMembers(draft: Draft): void {
  const { groupId } = draft.group
  const delayMs = draft.env.settings.groupInitialRebalanceDelayMs
  const remainingMs = Math.max(rebalanceTimeoutMs(draft.group) - delayMs, 0)
  setTimer(draft, joinKey(groupId), delayMs, { kind: 'initialDelayOver', groupId, delayMs, remainingMs })
}

function waitForMembers(draft: Draft): void {
  const { groupId } = draft.group
  setTimer(draft, joinKey(groupId), rebalanceTimeoutMs(draft.group), { kind: 'rebalanceDue', groupId })
}

export function completeJoinIfAllThere(draft: Draft): void {
  const { group } = draft
  if (group.phase === 'PreparingRebalance' && !group.fromEmpty && allJoined(group)) completeJoin(draft)
}

/** The time to join is over, or everybody is there: the next generation starts with those who came. */
export function completeJoin(draft: Draft): void {
  cancelTimer(draft, joinKey(draft.group.groupId))
  dropDynamicMembersThatDidNotJoin(draft)
  const leader = electLeader(draft.group)
  // Only static members are left and none of them is back: their sessions decide, not the rebalance.
  if (leader === null && draft.group.members.size > 0) return waitForMembers(draft)
  draft.group = nextGeneration({ ...draft.group, leaderId: leader }, draft.env.wallMs)
  if (draft.group.phase === 'Empty') writeEmpty(draft)
  else startGeneration(draft)
}

function dropDynamicMembersThatDidNotJoin(draft: Draft): void {
  for (const member of draft.group.members.values()) {
    if (member.joining !== null || member.groupInstanceId !== null) continue
    draft.group = removeMember(draft.group, member.memberId)
    endSession(draft, member.memberId)
    effect(draft, 'memberLeft', { memberId: member.memberId, reason: "didn't join in time" })
  }
}

/** The leader stays if it has joined, else the first that has. */
function electLeader({ leaderId, members }: LiveGroup): string | null {
  const candidates = [...members.values()].filter(({ joining }) => joining !== null).map(({ memberId }) => memberId)
  return leaderId !== null && candidates.includes(leaderId) ? leaderId : (candidates[0] ?? null)
}

function nextGeneration(group: LiveGroup, nowMs: number): LiveGroup {
  const isEmpty = group.members.size === 0
  const protocolName = isEmpty ? null : selectProtocol(group)
  return {
    ...group,
    phase: isEmpty ? 'Empty' : 'CompletingRebalance',
    fromEmpty: false,
    phaseSinceMs: nowMs,
    generation: group.generation + 1,
    protocolName,
    pendingSync: new Set(group.members.keys()),
    newMemberAdded: false,
    subscribedTopics: subscribedTopics(group.protocolType, protocolName, group.members.values()),
  }
}

function writeEmpty(draft: Draft): void {
  draft.records.push(groupRecord(draft.group))
  effect(draft, 'emptied', { generation: draft.group.generation })
}

function startGeneration(draft: Draft): void {
  const { group } = draft
  for (const { memberId, sessionTimeoutMs, joining } of group.members.values()) {
    if (joining !== null) reply(draft, joining.token, joined(group, memberId, joining.apiVersion))
    restartSession(draft, memberId, sessionTimeoutMs)
  }
  draft.group = withEachMember(group, (member) => ({ ...member, joining: null, isNew: false }))
  const { groupId, generation } = group
  setTimer(draft, syncKey(groupId), rebalanceTimeoutMs(group), { kind: 'syncDue', groupId, generation })
  effect(draft, 'rebalanceCompleted', { generation, count: group.members.size })
}

/** The leader's assignment is there: everybody who waits for it gets theirs. */
export function becomeStable(draft: Draft): void {
  const { group } = draft
  assert(group.phase === 'CompletingRebalance', `a group is assigned while it completes, not ${group.phase}`)
  for (const member of group.members.values()) {
    if (member.syncing !== null) restartSession(draft, member.memberId, member.sessionTimeoutMs)
  }
  draft.group = {
    ...withEachMember(group, (member) => ({ ...member, syncing: null })),
    phase: 'Stable',
    phaseSinceMs: draft.env.wallMs,
  }
  effect(draft, 'assigned', { generation: group.generation, count: group.members.size })
}
