import type { LogState } from '../log/log-state.ts'
import { truncateLog } from '../log/truncate.ts'

/**
 * Cuts a copy where it isn't what the log holds: the log may have lost its end, and got another one, while the copy's
 * directory was away. By leader epoch, as a follower does. What isn't durable in the copy goes as well.
 */
export function cutToCommonPart(copy: LogState, log: LogState): void {
  const until = Math.min(copy.recoveryPoint, log.logEndOffset, commonEnd(copy, log))
  truncateLog(copy, Math.max(until, copy.segments.first.baseOffset))
}

function commonEnd(copy: LogState, log: LogState): number {
  if (copy.epochs.latest < 0) return copy.logEndOffset
  let epoch = Math.min(copy.epochs.latest, log.epochs.latest)
  for (;;) {
    const theirs = log.epochs.endOf(epoch, log.logEndOffset)
    const ours = copy.epochs.endOf(theirs.leaderEpoch, copy.logEndOffset)
    const isSame = ours.leaderEpoch === theirs.leaderEpoch || ours.leaderEpoch >= epoch
    if (isSame) return Math.min(theirs.endOffset, ours.endOffset)
    epoch = ours.leaderEpoch
  }
}
