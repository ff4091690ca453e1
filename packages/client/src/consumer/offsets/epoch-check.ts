import { errorName, offsetForLeaderEpochApi } from '@millrace/protocol'
import { responseError } from '@millrace/connection'
import { retry } from '../../cluster/retry.ts'
import { LogTruncationError } from '../consumer-errors.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { logDebug, notAtOnce } from '../consumer-context.ts'
import type { PartitionState } from '../reading/partition-state.ts'
import { resetToPolicy } from './seeking.ts'

/** Whether a new leader may have less, or other records, than we have read: nobody has compared yet (KIP-320). */
export const needsEpochCheck = (state: PartitionState, leaderEpoch: number): boolean =>
  leaderEpoch >= 0 && state.fetchEpoch >= 0 && state.checkedEpoch !== leaderEpoch && state.fetchEpoch !== leaderEpoch

/** Asks the leader where the epoch ended that was read last, and goes back where that is before what was read. */
export async function checkEpoch(context: ConsumerContext, state: PartitionState, leaderEpoch: number): Promise<void> {
  const { moves, movesAsked } = state
  const isOurs = (): boolean => state.movesAsked === movesAsked && context.partitions.has(state)
  state.resetting = true
  try {
    const end = await endOfEpoch(context, state, leaderEpoch)
    if (!isOurs()) return
    if (end === undefined || end >= state.fetchOffset) {
      state.checkedEpoch = leaderEpoch
      state.resetting = false
      context.wake()
    } else await goBack(context, state, end)
  } catch (error) {
    if (context.stop.aborted || !isOurs()) return logDebug(context, 'an epoch was not checked', error)
    state.resetting = false
    notAtOnce(context, state)
    context.fail(error, () => context.partitions.has(state) && state.moves === moves)
  }
}

async function goBack(context: ConsumerContext, state: PartitionState, end: number): Promise<void> {
  if (context.settings.autoOffsetReset === 'none') throw new LogTruncationError(state, state.position, end)
  context.cluster.settings.logger.warn('the log was cut before what was read: records that were read are gone', {
    group: context.settings.groupId,
    partition: state.key,
    readTo: state.position,
    cutAt: end,
  })
  if (end < 0) return resetToPolicy(context, state)
  state.moveTo(Math.min(state.position, end))
  context.wake()
}

// Undefined where the leader can't say at all; -1 where it has nothing as old as that epoch.
async function endOfEpoch(
  context: ConsumerContext,
  state: PartitionState,
  leaderEpoch: number,
): Promise<number | undefined> {
  const { cluster, stop } = context
  const ask = async (): Promise<number | undefined> => {
    const topic = await cluster.topic(state.topic, { signal: stop })
    const leader = topic.partitions[state.partition]
    if (leader === undefined) return undefined
    const connection = await cluster.connection(leader.leader, 'main', stop)
    if (!connection.supports(offsetForLeaderEpochApi)) return undefined
    const asked = { partition: state.partition, currentLeaderEpoch: leaderEpoch, leaderEpoch: state.fetchEpoch }
    const topics = [{ topic: state.topic, partitions: [asked] }]
    const response = await connection.request(
      offsetForLeaderEpochApi,
      (version) => ({ topics, ...(version >= 3 ? { replicaId: -1 } : {}) }),
      { signal: stop },
    )
    const answer = response.topics[0]?.partitions[0]
    if (answer === undefined) return undefined
    // The leader has moved on once more: that is looked at when it is fetched from.
    if (errorName(answer.errorCode) === 'FENCED_LEADER_EPOCH') return undefined
    if (answer.errorCode !== 0) {
      const source = { address: connection.address, api: offsetForLeaderEpochApi.name }
      throw responseError(answer.errorCode, undefined, source)
    }
    return answer.leaderEpoch < 0 ? -1 : answer.endOffset
  }
  return retry(cluster.settings, ask, { signal: stop, onFailure: () => cluster.invalidate(state.topic) })
}
