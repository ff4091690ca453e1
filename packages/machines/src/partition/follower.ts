// A follower of a partition: from where it fetches, where its log is cut, and what its high watermark is.
import type { BrokerId, LeaderEpoch, Offset } from '@millrace/kernel'
import { unreachable } from '@millrace/kernel'

/** Where an epoch ends in a log: Kafka's answer to OffsetForLeaderEpoch. Both -1 where the epoch isn't known. */
export interface EpochEnd {
  readonly leaderEpoch: LeaderEpoch
  readonly endOffset: Offset
}

export interface FollowerState {
  leader: BrokerId
  leaderEpoch: LeaderEpoch
  logEnd: Offset
  /** Invariant: highWatermark <= logEnd. It goes back only when the log is cut below it, after an unclean election. */
  highWatermark: Offset
}

export type FollowerEvent =
  | { readonly kind: 'leaderChanged'; readonly leader: BrokerId; readonly leaderEpoch: LeaderEpoch }
  /** What the leader sent is in the log. */
  | {
      readonly kind: 'fetched'
      readonly leaderEpoch: LeaderEpoch
      readonly logEnd: Offset
      readonly leaderHighWatermark: Offset
    }
  /**
   * The leader's log parts from ours: it has no such epoch that goes so far. `own` is the end of `leader.leaderEpoch`,
   * or of the last epoch before it, in our log.
   */
  | {
      readonly kind: 'diverged'
      readonly leaderEpoch: LeaderEpoch
      readonly leader: EpochEnd
      readonly own: EpochEnd
    }
  /** The leader's log begins after our end (it was unclean, or we were away for long): start anew there. */
  | { readonly kind: 'outOfRange'; readonly leaderEpoch: LeaderEpoch; readonly leaderLogStart: Offset }

export type FollowerAction =
  | { readonly kind: 'setHighWatermark'; readonly highWatermark: Offset }
  /**
   * Cut everything at and after `offset`; `losesCommitted` says that it was below our high watermark. At the log's end
   * there are no records to cut, but maybe an epoch that we began as leader and never wrote in: it must go, or the
   * next fetch names it again.
   */
  | { readonly kind: 'truncate'; readonly offset: Offset; readonly losesCommitted: boolean }
  | { readonly kind: 'startAnew'; readonly offset: Offset }

/** Changes the state by what happened, and says what is to be done. What comes from an older epoch does nothing. */
export function stepFollower(state: FollowerState, event: FollowerEvent): readonly FollowerAction[] {
  if (event.leaderEpoch < state.leaderEpoch) return []
  switch (event.kind) {
    case 'leaderChanged':
      state.leader = event.leader
      state.leaderEpoch = event.leaderEpoch
      return []
    case 'fetched':
      state.logEnd = event.logEnd
      return raise(state, event.leaderHighWatermark)
    case 'diverged':
      return truncate(state, truncationOffset(event.leader, event.own))
    case 'outOfRange':
      if (event.leaderLogStart <= state.logEnd) return []
      state.logEnd = event.leaderLogStart
      state.highWatermark = event.leaderLogStart
      return [{ kind: 'startAnew', offset: event.leaderLogStart }]
    default:
      return unreachable(event)
  }
}

function raise(state: FollowerState, leaderHighWatermark: Offset): readonly FollowerAction[] {
  const highWatermark = lesser(leaderHighWatermark, state.logEnd)
  if (highWatermark <= state.highWatermark) return []
  state.highWatermark = highWatermark
  return [{ kind: 'setHighWatermark', highWatermark }]
}

// By epoch, never by high watermark: ours may be behind what was committed (KIP-101), and what lies past it may be the
// only copy. If the epochs differ the next fetch asks from there and may be told of an earlier one.
const truncationOffset = (leader: EpochEnd, own: EpochEnd): Offset =>
  own.endOffset === -1 ? leader.endOffset : lesser(leader.endOffset, own.endOffset)

function truncate(state: FollowerState, offset: Offset): readonly FollowerAction[] {
  const losesCommitted = offset < state.highWatermark
  state.logEnd = lesser(offset, state.logEnd)
  if (losesCommitted) state.highWatermark = offset
  return [{ kind: 'truncate', offset: state.logEnd, losesCommitted }]
}

const lesser = (a: Offset, b: Offset): Offset => (a < b ? a : b)
