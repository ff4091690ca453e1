import type { TopicPartition } from '../../record.ts'
import type { StartPosition } from '../consumer-api.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { logDebug, notAtOnce } from '../consumer-context.ts'
import type { PartitionState } from '../reading/partition-state.ts'
import { keyOf, plain } from '../reading/partition-state.ts'
import { resetPosition, resolvePositions } from './start-offsets.ts'

/** Reads on from elsewhere, because the program says so. */
export async function seek(
  context: ConsumerContext,
  partition: TopicPartition,
  to: StartPosition,
  signal?: AbortSignal,
): Promise<void> {
  const state = context.partitions.get(partition)
  if (state === undefined) throw new RangeError(`${keyOf(partition)} isn't assigned to this consumer`)
  const ended = signal === undefined ? context.stop : AbortSignal.any([signal, context.stop])
  const asked = beginMove(state)
  try {
    await move(context, state, to, { asked, signal: ended })
  } finally {
    if (state.movesAsked === asked) state.resetting = false
    context.wake()
  }
  if (!context.partitions.has(state))
    throw new RangeError(`${keyOf(partition)} went to another member of the group meanwhile`)
}

/** Reads on where `autoOffsetReset` says, because the offset is gone. */
export async function resetToPolicy(context: ConsumerContext, state: PartitionState): Promise<void> {
  const asked = beginMove(state)
  try {
    const start = resetPosition(context.cluster, context.settings, state)
    context.cluster.settings.logger.warn("an offset isn't there: reading goes on where autoOffsetReset says", {
      group: context.settings.groupId,
      partition: state.key,
      offset: state.fetchOffset,
      start: JSON.stringify(start),
    })
    await move(context, state, start, { asked, signal: context.stop })
  } catch (error) {
    if (state.movesAsked !== asked || !context.partitions.has(state)) {
      return logDebug(context, `${state.key} went or was moved while its offset was looked up`, error)
    }
    state.resetting = false
    notAtOnce(context, state)
    context.fail(error, () => context.partitions.has(state) && state.movesAsked === asked)
  }
}

function beginMove(state: PartitionState): number {
  state.resetting = true
  state.movesAsked += 1
  return state.movesAsked
}

interface Move {
  /** Which of the moves that were asked for it is. */
  readonly asked: number
  readonly signal: AbortSignal
}

// Of several moves at a time the one that was asked for last counts, whichever is found first.
async function move(
  context: ConsumerContext,
  state: PartitionState,
  start: StartPosition,
  { asked, signal }: Move,
): Promise<void> {
  const { cluster, settings } = context
  const [found] = await resolvePositions(cluster, settings, [{ ...plain(state), start }], signal)
  if (state.movesAsked !== asked) return
  state.moveTo(found?.offset ?? 0, found?.leaderEpoch)
  if (settings.atMostOnce) state.claimedTo = state.position
  context.wake()
}
