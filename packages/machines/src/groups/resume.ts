import type { GroupDecision, GroupEnv } from './decision.ts'
import { nothing } from './decision.ts'
import type { GroupsState } from './state.ts'

/** After a replay: the sessions of the members that were loaded, and the sweep of expired offsets. */
export function resumeGroups(_state: GroupsState, _env: GroupEnv): GroupDecision {
  return nothing
}
