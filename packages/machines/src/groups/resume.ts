import type { Reply } from '../machine.ts'
import type { GroupAnswer, GroupToken } from './command.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import { nothing } from './decision.ts'
import type { Draft } from './draft.ts'
import { closeDraft, openDraft, restartSession } from './draft.ts'
import { nextSweep } from './expire-offsets.ts'
import { joinError } from './join-answer.ts'
import { liveFromStored } from './live-group.ts'
import { prepareRebalance } from './rebalance.ts'
import type { GroupsState } from './state.ts'
import { syncError } from './sync-answer.ts'

/** After a replay: every member gets a whole session to show that it lives, and the sweep of offsets starts. */
export function resumeGroups(state: GroupsState, env: GroupEnv): GroupDecision {
  const sweep = nextSweep(env)
  const parts = [...state.durable.groups.values()]
    .filter(({ members }) => members.length > 0)
    .map((stored) => {
      const draft = openDraft(env, liveFromStored(stored))
      resumeGroup(draft)
      return closeDraft(draft, undefined)
    })
  return {
    ...nothing,
    changes: [...sweep.changes, ...parts.flatMap(({ changes }) => changes)],
    timers: [...sweep.timers, ...parts.flatMap(({ timers }) => timers)],
    effects: parts.flatMap(({ effects }) => effects),
  }
}

function resumeGroup(draft: Draft): void {
  const { members } = draft.group
  for (const { memberId, sessionTimeoutMs } of members.values()) restartSession(draft, memberId, sessionTimeoutMs)
  const { groupMaxSize } = draft.env.settings
  // A rebalance gives them the time to commit before the last to rejoin are turned away.
  if (members.size > groupMaxSize) prepareRebalance(draft, `${members.size} members, group.max.size is ${groupMaxSize}`)
}

/** The partition has another coordinator now: those that wait are told so. The state is of no use afterwards. */
export function abandonGroups(state: GroupsState): Reply<GroupToken, GroupAnswer>[] {
  const replies: Reply<GroupToken, GroupAnswer>[] = []
  for (const group of state.volatile.live.values()) {
    for (const { memberId, joining, syncing } of group.members.values()) {
      if (joining !== null) {
        replies.push({ to: joining.token, answer: joinError(joining.apiVersion, memberId, 'NOT_COORDINATOR') })
      }
      if (syncing !== null) replies.push({ to: syncing.token, answer: syncError('NOT_COORDINATOR') })
    }
  }
  return replies
}
