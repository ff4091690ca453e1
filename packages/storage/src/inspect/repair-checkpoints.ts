import { batchField } from '@millrace/protocol'
import { writeCheckpoint } from '../checkpoint/checkpoint-text.ts'
import { leaderEpochFile, readLeaderEpochs } from '../checkpoint/leader-epoch-checkpoint.ts'
import type { OffsetCheckpointName } from '../checkpoint/offset-checkpoint.ts'
import type { FileSystem } from '../io/file-system.ts'
import { LeaderEpochs } from '../log/leader-epochs.ts'
import { scanBatches } from '../segment/scan.ts'
import { listPartition } from './partition-files.ts'

/** The lines of an offset checkpoint that can be read, whatever else stands in it. */
export function readableOffsets(
  fileSystem: FileSystem,
  directory: string,
  name: OffsetCheckpointName,
): Map<string, number> {
  const path = `${directory}/${name}`
  const offsets = new Map<string, number>()
  const isFile = (fileSystem.list(directory) ?? []).some((entry) => entry.name === name && !entry.isDirectory)
  const bytes = isFile ? fileSystem.readFile(path) : undefined
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    const groups = /^(?<topic>[a-zA-Z0-9._-]{1,249}) (?<partition>\d+) (?<offset>\d+)$/.exec(line)?.groups
    if (groups !== undefined) offsets.set(`${groups['topic']}-${groups['partition']}`, Number(groups['offset']))
  }
  return offsets
}

/** Writes the leader epochs as the batches have them. */
export function rebuildEpochs(fileSystem: FileSystem, folder: string): void {
  const epochs = new LeaderEpochs()
  for (const segment of listPartition(fileSystem, folder).segments) {
    const file = fileSystem.open(segment.path, 'read')
    scanBatches(file, { from: 0, until: segment.sizeBytes, checkCrc: false }, (bytes, at) => {
      const epoch = batchField.leaderEpoch(bytes, at)
      if (epoch > epochs.latest) epochs.assign(epoch, batchField.baseOffset(bytes, at))
    })
    file.close()
  }
  writeEpochs(fileSystem, folder, epochs)
}

/** Whether the file knows epochs that begin behind the log's end. */
export function hasEpochsBehind(fileSystem: FileSystem, folder: string, endOffset: number): boolean {
  return (readLeaderEpochs(fileSystem, folder) ?? []).some(({ startOffset }) => startOffset >= endOffset)
}

export function cutEpochs(fileSystem: FileSystem, folder: string, endOffset: number): void {
  const epochs = new LeaderEpochs(readLeaderEpochs(fileSystem, folder))
  epochs.truncateFromEnd(endOffset)
  writeEpochs(fileSystem, folder, epochs)
}

function writeEpochs(fileSystem: FileSystem, folder: string, epochs: LeaderEpochs): void {
  const lines = epochs.entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`)
  writeCheckpoint(fileSystem, `${folder}/${leaderEpochFile}`, lines, { durable: true })
}
