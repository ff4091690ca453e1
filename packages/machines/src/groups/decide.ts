import { unreachable } from '@millrace/kernel'
import type { GroupCommand, TimerCommand } from './command.ts'
import { commitOffsets } from './commit-offsets.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import { nothing } from './decision.ts'
import { deleteGroups } from './delete-groups.ts'
import { deleteOffsets, forgetTopics } from './delete-offsets.ts'
import { describeGroups, listGroups } from './describe.ts'
import { initialDelayOver, rebalanceDue, sessionExpired, syncDue } from './expire-members.ts'
import { expireOffsets } from './expire-offsets.ts'
import { fetchOffsets } from './fetch-offsets.ts'
import { heartbeat } from './heartbeat.ts'
import { joinGroup } from './join.ts'
import { leaveGroup } from './leave.ts'
import type { GroupsState } from './state.ts'
import { syncGroup } from './sync.ts'

/** What one command leads to. Reads `state`, changes nothing. */
export function decideGroup(state: GroupsState, command: GroupCommand, env: GroupEnv): GroupDecision {
  switch (command.kind) {
    case 'joinGroup':
      return joinGroup(state, command, env)
    case 'syncGroup':
      return syncGroup(state, command, env)
    case 'heartbeat':
      return heartbeat(state, command, env)
    case 'leaveGroup':
      return leaveGroup(state, command, env)
    case 'offsetCommit':
      return commitOffsets(state, command, env)
    case 'offsetFetch':
      return fetchOffsets(state, command)
    case 'offsetDelete':
      return deleteOffsets(state, command)
    case 'describeGroups':
      return describeGroups(state, command)
    case 'listGroups':
      return listGroups(state, command)
    case 'deleteGroups':
      return deleteGroups(state, command, env)
    case 'topicsDeleted':
      return forgetTopics(state, command)
    case 'initialDelayOver':
    case 'rebalanceDue':
    case 'syncDue':
    case 'sessionExpired':
    case 'expireOffsets':
      return decideTimer(state, command, env)
    default:
      return unreachable(command)
  }
}

function decideTimer(state: GroupsState, command: TimerCommand, env: GroupEnv): GroupDecision {
  if (state.volatile.due.get(command.key) !== command.dueMs) return nothing
  const { changes, ...decision } = timerWork(state, command, env)
  // The timer has fired: it is no longer due, unless the decision sets it again.
  return { ...decision, changes: [{ kind: 'due', key: command.key, dueMs: null }, ...changes] }
}

function timerWork(state: GroupsState, command: TimerCommand, env: GroupEnv): GroupDecision {
  switch (command.kind) {
    case 'initialDelayOver':
      return initialDelayOver(state, command, env)
    case 'rebalanceDue':
      return rebalanceDue(state, command, env)
    case 'syncDue':
      return syncDue(state, command, env)
    case 'sessionExpired':
      return sessionExpired(state, command, env)
    case 'expireOffsets':
      return expireOffsets(state, env)
    default:
      return unreachable(command)
  }
}
