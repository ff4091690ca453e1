import type { Env, Reply, TimerChange } from '../machine.ts'
import type { GroupAnswer, GroupCommand, GroupToken } from './command.ts'
import type { GroupRecord } from './record.ts'
import type { GroupSettings } from './settings.ts'
import type { LiveGroup } from './state.ts'

export interface GroupEnv extends Env {
  readonly settings: GroupSettings
}

/** Why a group changed, for the log and for metrics. */
export interface GroupEffect {
  readonly kind:
    | 'rebalanceStarted'
    | 'rebalanceCompleted'
    | 'assigned'
    | 'emptied'
    | 'memberJoined'
    | 'memberReplaced'
    | 'memberLeft'
    | 'memberExpired'
    | 'offsetsCommitted'
    | 'offsetsDeleted'
    | 'offsetsExpired'
    | 'groupDeleted'
  readonly groupId: string
  readonly generation?: number
  readonly memberId?: string
  /** How many members or offsets it was about. */
  readonly count?: number
  readonly reason?: string
}

/** A change of what is never written: the whole new value of one group's live half, or of one timer's due time. */
export type VolatileChange =
  | { readonly kind: 'live'; readonly groupId: string; readonly live: LiveGroup | null }
  | { readonly kind: 'due'; readonly key: string; readonly dueMs: number | null }

/**
 * What a command leads to. The runtime, in this turn: `apply` each record, `applyVolatile` each change, append the
 * records as one batch, set the timers; when all that was applied is committed, give the replies.
 */
export interface GroupDecision {
  readonly records: readonly GroupRecord[]
  /** Whether the records must be one batch; what a sweep finds may be written in several. */
  readonly atomic: boolean
  readonly changes: readonly VolatileChange[]
  readonly replies: readonly Reply<GroupToken, GroupAnswer>[]
  readonly timers: readonly TimerChange<GroupCommand>[]
  readonly effects: readonly GroupEffect[]
}

export const nothing: GroupDecision = { records: [], atomic: true, changes: [], replies: [], timers: [], effects: [] }
