import type { Connection } from '@millrace/connection'
import { responseError } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import type { ErrorName, FetchResponse } from '@millrace/protocol'
import { errorName, fetchApi, KafkaError } from '@millrace/protocol'
import type { ConsumerContext } from '../consumer-context.ts'
import { notAtOnce } from '../consumer-context.ts'
import { resetToPolicy } from '../offsets/seeking.ts'
import { Chunk } from '../reading/chunk.ts'
import type { PartitionState } from '../reading/partition-state.ts'
import { AnswerBytes } from './answer-bytes.ts'
import type { Wanted } from './fetch-session.ts'
import { oldMessages } from './old-messages.ts'

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

/** What was asked for, as it was when it was asked. */
export interface Asked {
  readonly broker: number
  readonly wanted: readonly Wanted[]
  readonly offsets: ReadonlyMap<PartitionState, number>
}

const staleMetadata = new Set<ErrorName>([
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
])

/** Gives each partition what the answer says of it; a partition's error concerns nobody else. True where records came. */
export function takeAnswers(
  context: ConsumerContext,
  response: FetchResponse,
  asked: Asked,
  connection: Connection,
): boolean {
  const byName = new Map(asked.wanted.map((each) => [`${each.state.topic} ${each.state.partition}`, each]))
  const byId = new Map(asked.wanted.map((each) => [`${each.topicId} ${each.state.partition}`, each]))
  let came = false
  let bytes: AnswerBytes | undefined
  for (const { topic, topicId, partitions } of response.responses) {
    for (const answer of partitions) {
      if (answer.records !== null) bytes ??= bytesOf(context, answer.records)
      const place = answer.partitionIndex
      const state = (topic === '' ? byId.get(`${topicId} ${place}`) : byName.get(`${topic} ${place}`))?.state
      // It was taken away or moved meanwhile: what came is of no use.
      if (state === undefined || !context.partitions.has(state) || state.resetting) continue
      if (state.fetchOffset === asked.offsets.get(state)) {
        const { broker } = asked
        came =
          take(context, state, { answer, bytes, connection, broker, nodeEndpoints: response.nodeEndpoints }) || came
      }
    }
  }
  bytes?.begin()
  return came
}

const bytesOf = ({ cluster, settings }: ConsumerContext, { buffer }: Uint8Array): AnswerBytes =>
  new AnswerBytes(cluster.fetchMemory, buffer, settings.fetchMaxBytes / 8)

interface Came {
  readonly answer: PartitionAnswer
  readonly bytes: AnswerBytes | undefined
  readonly connection: Connection
  readonly broker: number
  readonly nodeEndpoints: FetchResponse['nodeEndpoints']
}

function take(context: ConsumerContext, state: PartitionState, came: Came): boolean {
  const { answer, bytes, connection, broker } = came
  if (answer.errorCode !== 0) {
    refused(context, state, came)
    return false
  }
  const { settings, cluster } = context
  const committedOnly = settings.isolationLevel === 'read_committed'
  state.endOffset = committedOnly ? answer.lastStableOffset : answer.highWatermark
  if (answer.preferredReadReplica >= 0 && answer.preferredReadReplica !== broker) {
    const untilMs = cluster.settings.clock.monotonicMs() + cluster.settings.metadataMaxAgeMs
    state.readFrom = { broker: answer.preferredReadReplica, untilMs }
  }
  if (answer.records === null || answer.records.length === 0) {
    state.failures = 0
    return false
  }
  const aborted = committedOnly ? answer.abortedTransactions : null
  const old = oldMessages(state, answer.records, connection.address)
  if (old === undefined && state.add(new Chunk(state, answer.records, aborted, settings, connection.address, bytes))) {
    state.failures = 0
    return true
  }
  notAtOnce(context, state)
  const { movesAsked } = state
  const failure = old ?? noWholeBatch(state, answer.records.length, connection)
  context.fail(failure, () => context.partitions.has(state) && state.movesAsked === movesAsked)
  return false
}

function refused(context: ConsumerContext, state: PartitionState, came: Came): void {
  const { answer, broker, connection } = came
  const error = errorName(answer.errorCode)
  const failure = responseError(answer.errorCode, undefined, {
    address: connection.address,
    api: fetchApi.name,
    about: state.key,
  })
  const leads = state.readFrom?.broker !== broker
  if (!leads) {
    // A follower may be behind, or no longer be one: the leader knows.
    state.readFrom = undefined
  } else if (error === 'OFFSET_OUT_OF_RANGE') {
    void resetToPolicy(context, state)
    return
  } else if (!staleMetadata.has(error) && !failure.retriable) {
    notAtOnce(context, state)
    context.fail(failure, () => context.partitions.has(state))
    return
  }
  const { cluster } = context
  cluster.settings.logger.debug(`${state.key} can't be fetched now`, { error: errorMessage(failure) })
  const { topic, partition } = state
  const { currentLeader } = answer
  const { nodeEndpoints } = came
  const refusedBy = leads ? broker : null
  if (cluster.refused(error, { topic, partition, refusedBy, currentLeader, nodeEndpoints })) return
  notAtOnce(context, state)
  cluster.invalidate(topic)
}

function noWholeBatch(state: PartitionState, sizeBytes: number, connection: Connection): KafkaError {
  const what = `${sizeBytes} bytes of ${state.key} at offset ${state.fetchOffset} hold no whole batch`
  return new KafkaError('CORRUPT_MESSAGE', `CORRUPT_MESSAGE: ${what} (${fetchApi.name} to ${connection.address})`)
}
