import type { VolatileChange } from './decision.ts'
import type { GroupRecord } from './record.ts'
import type { GroupsState } from './state.ts'

/** Who wrote a record: only a replay of transactional batches names a producer. */
export interface RecordOrigin {
  /** -1 for a batch that is no transaction's. */
  readonly transactionalProducerId: number
}

const notTransactional: RecordOrigin = { transactionalProducerId: -1 }

/** The only thing that changes durable state: live, in recovery and on followers. */
export function applyGroupRecord(state: GroupsState, _record: GroupRecord, _origin = notTransactional): void {
  state.durable.applied += 1
}

/** A transaction ended: its offsets count now, or never will. */
export function applyGroupMarker(_state: GroupsState, _producerId: number, _result: 'commit' | 'abort'): void {}

/** The only thing that changes what isn't written. */
export function applyGroupVolatile(state: GroupsState, change: VolatileChange): void {
  if (change.kind === 'live') {
    if (change.live === null) state.volatile.live.delete(change.groupId)
    else state.volatile.live.set(change.groupId, change.live)
  } else if (change.dueMs === null) state.volatile.due.delete(change.key)
  else state.volatile.due.set(change.key, change.dueMs)
}
