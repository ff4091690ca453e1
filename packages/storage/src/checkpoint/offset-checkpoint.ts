import type { FileSystem } from '../io/file-system.ts'
import type { DiskSpeed } from './replace-file.ts'
import {
  checkpointNumber,
  DamagedCheckpointError,
  readCheckpoint,
  writeCheckpoint,
  writeCheckpointLater,
} from './checkpoint-text.ts'

/** The files at the top of a log directory that hold one offset per partition. */
export type OffsetCheckpointName =
  | 'recovery-point-offset-checkpoint'
  | 'log-start-offset-checkpoint'
  | 'replication-offset-checkpoint'
  | 'cleaner-offset-checkpoint'

/** Offsets by partition name, such as `orders-0`. */
export type OffsetsByPartition = ReadonlyMap<string, number>

/** Empty where there is no such file. */
export function readOffsetCheckpoint(
  fileSystem: FileSystem,
  directory: string,
  name: OffsetCheckpointName,
): Map<string, number> {
  const path = `${directory}/${name}`
  const offsets = new Map<string, number>()
  for (const line of readCheckpoint(fileSystem, path) ?? []) {
    const [topic, partition, offset, ...rest] = line.split(/\s+/)
    if (rest.length > 0 || !/^[a-zA-Z0-9._-]+$/.test(topic ?? '')) {
      throw new DamagedCheckpointError(`${path}: a line ${JSON.stringify(line)}, expected topic, partition, offset`)
    }
    offsets.set(`${topic}-${checkpointNumber(partition, path)}`, checkpointNumber(offset, path))
  }
  return offsets
}

export function writeOffsetCheckpoint(
  fileSystem: FileSystem,
  directory: string,
  name: OffsetCheckpointName,
  offsets: OffsetsByPartition,
): void {
  writeCheckpoint(fileSystem, `${directory}/${name}`, linesOf(offsets), { durable: true })
}

/** Without waiting for the disk in this turn, see replaceFileLater. */
export function writeOffsetCheckpointLater(
  fileSystem: FileSystem,
  directory: string,
  name: OffsetCheckpointName,
  offsets: OffsetsByPartition,
  isCurrent: () => boolean,
  disk: DiskSpeed,
): Promise<void> {
  return writeCheckpointLater(fileSystem, `${directory}/${name}`, linesOf(offsets), isCurrent, disk)
}

function linesOf(offsets: OffsetsByPartition): readonly string[] {
  const lines: string[] = []
  for (const [partitionName, offset] of offsets) {
    const dash = partitionName.lastIndexOf('-')
    lines.push(`${partitionName.slice(0, dash)} ${partitionName.slice(dash + 1)} ${offset}`)
  }
  return lines
}
