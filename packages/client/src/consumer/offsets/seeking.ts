import { assert } from '@millrace/kernel'
import { isRetriableError } from '../../cluster/retry.ts'
import type { TopicPartition } from '../../record.ts'
import type { StartPosition } from '../consumer-api.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { logDebug, notAtOnce } from '../consumer-context.ts'
import type { PartitionState } from '../reading/partition-state.ts'
import { keyOf, plain } from '../reading/partition-state.ts'
import { noUsableOffset, resetPosition, resolvePositions } from './start-offsets.ts'

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
    // What an offset that is gone was waiting for is over: this is another one.
    if (state.movesAsked === asked) state.retryAtMs = 0
  } finally {
    if (state.movesAsked === asked) state.resetting = false
    context.wake()
  }
  if (!context.partitions.has(state))
    throw new RangeError(`${keyOf(partition)} went to another member of the group meanwhile`)
}

/** Reads on where `autoOffsetReset` says, because the offset is gone. */
export async function resetToPolicy(context: ConsumerContext, state: PartitionState): Promise<void> {
  const { cluster, settings } = context
  // It was never there: a seek that came before it was found has failed.
  if (state.startsAt !== undefined) return place(context, state, state.startsAt)
  if (settings.autoOffsetReset === 'none') {
    state.movesAsked += 1
    return refuse(context, state, noUsableOffset(state))
  }
  const start = resetPosition(cluster, settings)
  cluster.settings.logger.warn("an offset isn't there: reading goes on where autoOffsetReset says", {
    group: settings.groupId,
    partition: state.key,
    offset: state.fetchOffset,
    start: JSON.stringify(start),
  })
  await place(context, state, start)
}

/** Reads from there once somebody can say what offset that is, however long that takes. Never rejects. */
export async function place(context: ConsumerContext, state: PartitionState, start: StartPosition): Promise<void> {
  const asked = beginMove(state)
  const isOver = (): boolean =>
    context.stop.aborted || state.movesAsked !== asked || !context.partitions.has(state) || !state.resetting
  while (!isOver()) {
    try {
      await move(context, state, start, { asked, signal: context.stop })
    } catch (error) {
      if (isOver()) return logDebug(context, `${state.key} went or was moved while its offset was looked up`, error)
      if (!isRetriableError(error)) return refuse(context, state, error)
      logDebug(context, `nobody can say yet where ${state.key} is to be read from`, error)
    }
  }
}

/** Finds the end where reading stops (`stopAtEnd`), however long that takes. Never rejects. */
export async function findEnd(context: ConsumerContext, state: PartitionState): Promise<void> {
  const { cluster, settings, stop, partitions } = context
  const isOver = (): boolean => stop.aborted || state.stopAt < Infinity || !partitions.has(state)
  while (!isOver()) {
    try {
      const [end] = await resolvePositions(cluster, settings, [{ ...plain(state), start: 'latest' }], stop)
      state.stopAt = end?.offset ?? Infinity
      context.wake()
    } catch (error) {
      if (isOver()) return
      if (!isRetriableError(error)) return context.fail(error)
      logDebug(context, `nobody can say yet where ${state.key} ends`, error)
    }
  }
}

function refuse(context: ConsumerContext, state: PartitionState, error: unknown): void {
  const { movesAsked } = state
  state.resetting = false
  notAtOnce(context, state)
  context.fail(error, () => context.partitions.has(state) && state.movesAsked === movesAsked)
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
  assert(found !== undefined, 'a place that was looked up has an offset')
  state.moveTo(found.offset, found.leaderEpoch)
  if (settings.atMostOnce) state.claimedTo = state.position
  context.wake()
}
