import { errorMessage } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { readLeaderEpochs } from '../checkpoint/leader-epoch-checkpoint.ts'
import { readPartitionTopicId, writePartitionTopicId } from '../checkpoint/partition-metadata.ts'
import { ProducerState } from '../producer/producer-state.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { Log } from './log.ts'
import type { LogContext } from './log-context.ts'
import type { LogDirectory } from './log-directory.ts'
import { LogState } from './log-state.ts'
import type { LogConfig } from './partition-log.ts'
import { openLogFiles } from './recovery.ts'

export interface LogIdentity {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly config: LogConfig
}

/** Where a log lies in its directory. */
export interface LogPlace {
  readonly folder: string
  /** Whether its folder is made now. */
  readonly isNew: boolean
  /** A copy that a move makes of a log in another directory. */
  readonly isFuture?: boolean
}

/** Opens or makes a log. Throws INCONSISTENT_TOPIC_ID where the folder is another topic's. */
export function openLog(context: LogContext, directory: LogDirectory, identity: LogIdentity, place: LogPlace): Log {
  const name = `${identity.topic}-${identity.partition}`
  const { folder, isNew, isFuture = false } = place
  claimFolder(context, folder, identity.topicId, isNew)
  const epochs = isNew ? new LeaderEpochs() : readEpochs(context, folder)
  const state = new LogState(context, directory, {
    ...identity,
    folder,
    producers: new ProducerState(),
    epochs: epochs ?? new LeaderEpochs(),
  })
  state.isFuture = isFuture
  openLogFiles(state, {
    // A folder that isn't there has nothing to do with what the checkpoints say of one that was.
    clean: !isNew && directory.clean,
    recoveryPoint: isNew ? 0 : directory.checkpointed('recoveryPoint', name),
    logStartOffset: isNew ? 0 : directory.checkpointed('logStart', name),
    highWatermark: isNew ? 0 : directory.checkpointed('highWatermark', name),
    epochsLost: epochs === undefined,
  })
  if (state.damage !== undefined) context.logger.error(state.damage, { partition: name })
  return new Log(state)
}

function claimFolder({ files, logger }: LogContext, folder: string, topicId: string, isNew: boolean): void {
  const { fileSystem } = files
  if (isNew) fileSystem.makeDirectory(folder)
  const found = isNew ? undefined : readPartitionTopicId(fileSystem, folder)
  if (found === undefined) {
    if (!isNew) logger.warn('partition.metadata is missing or damaged, and is written anew', { folder })
    writePartitionTopicId(fileSystem, folder, topicId)
  } else if (found !== topicId) {
    throw new KafkaError('INCONSISTENT_TOPIC_ID', `${folder} belongs to topic id ${found}, got ${topicId}`)
  }
}

function readEpochs({ files, logger }: LogContext, folder: string): LeaderEpochs | undefined {
  try {
    const entries = readLeaderEpochs(files.fileSystem, folder)
    return entries === undefined ? undefined : new LeaderEpochs(entries)
  } catch (error) {
    const fields = { folder, error: errorMessage(error) }
    logger.warn('the leader epochs of a log are damaged and found in its batches', fields)
    return undefined
  }
}
