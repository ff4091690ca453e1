import type { Reply, TimerChange } from '../machine.ts'
import type { GroupAnswer, GroupCommand, GroupToken, TimerCommand } from './command.ts'
import type { GroupDecision, GroupEffect, GroupEnv, VolatileChange } from './decision.ts'
import type { GroupRecord } from './record.ts'
import type { LiveGroup } from './state.ts'

/** One decision about one group while it is being made. The group in it is replaced, never changed. */
export interface Draft {
  readonly env: GroupEnv
  group: LiveGroup
  readonly records: GroupRecord[]
  readonly replies: Reply<GroupToken, GroupAnswer>[]
  readonly timers: TimerChange<GroupCommand>[]
  readonly due: VolatileChange[]
  readonly effects: GroupEffect[]
}

export const openDraft = (env: GroupEnv, group: LiveGroup): Draft => ({
  env,
  group,
  records: [],
  replies: [],
  timers: [],
  due: [],
  effects: [],
})

/** The decision; `before` is the group that the state has, so that one that stayed as it was isn't written again. */
export function closeDraft(draft: Draft, before: LiveGroup | undefined): GroupDecision {
  const { group, due, env: _env, ...rest } = draft
  // An empty group is just what its record says.
  const live = group.phase === 'Empty' && group.pendingJoin.size === 0 ? null : group
  const changed: VolatileChange = { kind: 'live', groupId: group.groupId, live }
  return { ...rest, atomic: true, changes: group === before ? due : [changed, ...due] }
}

/** A decision that only answers. */
export const answerOnly = (to: GroupToken, answer: GroupAnswer): GroupDecision => ({
  records: [],
  atomic: true,
  changes: [],
  replies: [{ to, answer }],
  timers: [],
  effects: [],
})

export const reply = (draft: Draft, to: GroupToken, answer: GroupAnswer): void => {
  draft.replies.push({ to, answer })
}

export const effect = (
  draft: Draft,
  kind: GroupEffect['kind'],
  details: Omit<GroupEffect, 'kind' | 'groupId'>,
): void => {
  draft.effects.push({ kind, groupId: draft.group.groupId, ...details })
}

// A group's name may hold any character: its length keeps keys of two groups apart.
const sessionKey = (groupId: string, memberId: string): string => `session:${groupId.length}:${groupId}:${memberId}`
export const joinKey = (groupId: string): string => `join:${groupId}`
export const syncKey = (groupId: string): string => `sync:${groupId}`

type WithoutTimer<C> = C extends TimerCommand ? Omit<C, 'key' | 'dueMs'> : never
export type TimerWork = WithoutTimer<TimerCommand>

export function setTimer(draft: Draft, key: string, delayMs: number, work: TimerWork): void {
  const dueMs = draft.env.monotonicMs + delayMs
  draft.timers.push({ kind: 'set', key, delayMs, command: { ...work, key, dueMs } as TimerCommand })
  draft.due.push({ kind: 'due', key, dueMs })
}

export function cancelTimer(draft: Draft, key: string): void {
  draft.timers.push({ kind: 'cancel', key })
  draft.due.push({ kind: 'due', key, dueMs: null })
}

/** The member shows that it lives: from now on it has this long until the next time. */
export function restartSession(draft: Draft, memberId: string, timeoutMs: number): void {
  const { groupId } = draft.group
  setTimer(draft, sessionKey(groupId, memberId), timeoutMs, { kind: 'sessionExpired', groupId, memberId })
}

export const endSession = (draft: Draft, memberId: string): void =>
  cancelTimer(draft, sessionKey(draft.group.groupId, memberId))
