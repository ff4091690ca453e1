import type { TopicPartition } from '../../record.ts'
import type { StartPosition } from '../consumer-api.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { logDebug } from '../consumer-context.ts'
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
  const { moves } = state
  state.resetting = true
  try {
    await move(context, state, to, ended)
  } finally {
    if (state.moves === moves) state.resetting = false
    context.wake()
  }
}

/** Reads on where `autoOffsetReset` says, because the offset is gone. */
export async function resetToPolicy(context: ConsumerContext, state: PartitionState): Promise<void> {
  const { moves } = state
  try {
    const start = resetPosition(context.cluster, context.settings, state)
    context.cluster.settings.logger.warn("an offset isn't there: reading goes on where autoOffsetReset says", {
      group: context.settings.groupId,
      partition: state.key,
      offset: state.fetchOffset,
      start: JSON.stringify(start),
    })
    await move(context, state, start, context.stop)
  } catch (error) {
    if (state.moves === moves) state.resetting = false
    if (context.partitions.has(state)) context.fail(error)
    else logDebug(context, `${state.key} went while its offset was looked up`, error)
  }
}

// Of two moves at a time the first that is there counts, unless the program asked for the other one.
async function move(
  context: ConsumerContext,
  state: PartitionState,
  start: StartPosition,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, settings } = context
  const [found] = await resolvePositions(cluster, settings, [{ ...plain(state), start }], signal)
  state.moveTo(found?.offset ?? 0, found?.leaderEpoch)
  if (settings.atMostOnce) state.claimedTo = state.position
  context.wake()
}
