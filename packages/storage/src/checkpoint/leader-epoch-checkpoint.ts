import type { FileSystem } from '../io/file-system.ts'
import { checkpointNumber, DamagedCheckpointError, readCheckpoint, writeCheckpoint } from './checkpoint-text.ts'

/** The first offset that a leader epoch wrote. */
export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

export const leaderEpochFile = 'leader-epoch-checkpoint'

/** Undefined where there is no such file, or an empty one: Kafka makes it before there is an epoch. */
export function readLeaderEpochs(fileSystem: FileSystem, directory: string): EpochStart[] | undefined {
  const path = `${directory}/${leaderEpochFile}`
  if (fileSystem.stat(path)?.sizeBytes === 0) return undefined
  const entries = readCheckpoint(fileSystem, path)?.map((line) => {
    const [epoch, startOffset] = line.split(/\s+/)
    return { epoch: checkpointNumber(epoch, path), startOffset: checkpointNumber(startOffset, path) }
  })
  for (const [slot, entry] of (entries ?? []).entries()) {
    const before = entries?.[slot - 1]
    if (before === undefined || (entry.epoch > before.epoch && entry.startOffset > before.startOffset)) continue
    throw new DamagedCheckpointError(`${path}: '${entry.epoch} ${entry.startOffset}' does not rise`)
  }
  return entries
}

/**
 * Not durable by itself: entries for what lies past the recovery point are found again in the batches, and the others
 * are made durable before that point moves. A file that was torn all the same is built from the batches.
 */
export function writeLeaderEpochs(fileSystem: FileSystem, directory: string, epochs: readonly EpochStart[]): void {
  const lines = epochs.map((entry) => `${entry.epoch} ${entry.startOffset}`)
  writeCheckpoint(fileSystem, `${directory}/${leaderEpochFile}`, lines, { durable: false })
}
