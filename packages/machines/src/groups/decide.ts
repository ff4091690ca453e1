import type { GroupCommand } from './command.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import { nothing } from './decision.ts'
import type { GroupsState } from './state.ts'

/** What one command leads to. Reads `state`, changes nothing. */
export function decideGroup(_state: GroupsState, _command: GroupCommand, _env: GroupEnv): GroupDecision {
  return nothing
}
