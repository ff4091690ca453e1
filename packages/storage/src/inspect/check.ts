import { errorMessage } from '@millrace/kernel'
import type { OffsetCheckpointName } from '../checkpoint/offset-checkpoint.ts'
import { readOffsetCheckpoint } from '../checkpoint/offset-checkpoint.ts'
import { readMetaProperties } from '../checkpoint/meta-properties.ts'
import type { FileSystem } from '../io/file-system.ts'
import { parsePartitionFolder } from '../log/partition-folders.ts'
import type { CheckStep, CheckTotals, Finding } from './finding.ts'
import { assumedRecoveryPoint, listPartition } from './partition-files.ts'
import { readableOffsets } from './repair-checkpoints.ts'
import { checkPartition, PartitionCheck } from './partition-check.ts'

export const offsetCheckpointNames: readonly OffsetCheckpointName[] = [
  'recovery-point-offset-checkpoint',
  'log-start-offset-checkpoint',
  'replication-offset-checkpoint',
  'cleaner-offset-checkpoint',
]

export interface CheckOptions {
  /** A broker runs on the directory: only what it has finished is judged. */
  readonly live: boolean
  /** Whether records are decompressed and read, beyond the CRC of their batches. */
  readonly readRecords: boolean
  /** Counts what was looked at. */
  readonly totals: CheckTotals
}

/** What is to be checked: a log directory, or one partition in it. */
export interface CheckTarget {
  /** The log directory; undefined for a partition's folder that lies elsewhere. */
  readonly directory: string | undefined
  readonly folders: readonly string[]
  /** Whether the directory's own files are looked at too. */
  readonly whole: boolean
}

/** Tells a log directory from a partition's folder. Throws where it is neither. */
export function checkTarget(fileSystem: FileSystem, path: string): CheckTarget {
  const entries = fileSystem.list(path)
  if (entries === undefined) throw new Error(`${path}: there is no such folder`)
  const name = path.slice(path.lastIndexOf('/') + 1)
  const isPartition = entries.some((entry) => /^\d{20}\.(?:log|index|timeindex)$/.test(entry.name))
  if (isPartition || (parsePartitionFolder(name) !== undefined && entries.length === 0)) {
    const parent = path.slice(0, path.lastIndexOf('/'))
    return { directory: isLogDirectory(fileSystem, parent) ? parent : undefined, folders: [path], whole: false }
  }
  const folders = entries
    .filter((entry) => entry.isDirectory && parsePartitionFolder(entry.name) !== undefined)
    .map((entry) => `${path}/${entry.name}`)
  if (folders.length === 0 && !isLogDirectory(fileSystem, path)) {
    throw new Error(`${path} is neither a log directory nor a partition's folder`)
  }
  return { directory: path, folders: folders.toSorted(), whole: true }
}

const isLogDirectory = (fileSystem: FileSystem, path: string): boolean =>
  fileSystem.stat(`${path}/meta.properties`) !== undefined ||
  offsetCheckpointNames.some((name) => fileSystem.stat(`${path}/${name}`) !== undefined)

/** Bytes of the segments that a check reads: the end of its progress. */
export function bytesToCheck(fileSystem: FileSystem, { folders }: CheckTarget): number {
  let bytes = 0
  for (const folder of folders) {
    for (const { name } of fileSystem.list(folder) ?? []) {
      if (name.endsWith('.log')) bytes += fileSystem.stat(`${folder}/${name}`)?.sizeBytes ?? 0
    }
  }
  return bytes
}

/**
 * Looks at every file, and changes none. Gives what is wrong as it is found; whoever runs it takes the lock, and lets
 * others have a turn between the steps.
 */
export function* checkLogs(
  fileSystem: FileSystem,
  target: CheckTarget,
  options: CheckOptions,
): Generator<CheckStep, void, undefined> {
  const { directory } = target
  const checkpoints = new Map<OffsetCheckpointName, ReadonlyMap<string, number>>()
  for (const name of directory === undefined ? [] : offsetCheckpointNames) {
    yield* readCheckpointFile(fileSystem, `${directory}`, name, checkpoints, target.whole)
  }
  if (directory !== undefined && target.whole) yield* checkMeta(fileSystem, directory)
  // Of a folder that lies alone nothing is known but what is in it: only its very end may be torn.
  const clean = directory === undefined || fileSystem.stat(`${directory}/.kafka_cleanshutdown`) !== undefined
  for (const folder of target.folders) {
    const name = folder.slice(folder.lastIndexOf('/') + 1)
    const at = (checkpoint: OffsetCheckpointName): number => checkpoints.get(checkpoint)?.get(name) ?? 0
    const hints = {
      name,
      clean,
      live: options.live,
      recoveryPoint:
        checkpoints.get('recovery-point-offset-checkpoint')?.get(name) ??
        (clean ? 0 : assumedRecoveryPoint(listPartition(fileSystem, folder).segments)),
      logStartOffset: at('log-start-offset-checkpoint'),
      highWatermark: at('replication-offset-checkpoint'),
    }
    yield* checkPartition(new PartitionCheck(fileSystem, folder, hints, options))
  }
}

function* readCheckpointFile(
  fileSystem: FileSystem,
  directory: string,
  name: OffsetCheckpointName,
  into: Map<OffsetCheckpointName, ReadonlyMap<string, number>>,
  isJudged: boolean,
): Generator<CheckStep> {
  const path = `${directory}/${name}`
  try {
    into.set(name, readOffsetCheckpoint(fileSystem, directory, name))
  } catch (error) {
    // A repair keeps the lines that can be read: what they promise holds.
    into.set(name, readableOffsets(fileSystem, directory, name))
    const got = errorMessage(error).replace(`${path}: `, '')
    if (isJudged) yield directoryFinding('checkpoint', path, ['lines of topic, partition and offset', got])
  }
}

function* checkMeta(fileSystem: FileSystem, directory: string): Generator<CheckStep> {
  const path = `${directory}/meta.properties`
  const expected = 'cluster.id, node.id and directory.id'
  try {
    const meta = readMetaProperties(fileSystem, directory)
    const missing = [
      meta?.clusterId === undefined ? 'no cluster.id' : '',
      meta?.nodeId === undefined ? 'no node.id' : '',
      meta?.directoryId === undefined ? 'no directory.id' : '',
    ].filter((word) => word !== '')
    if (missing.length === 0) return
    yield directoryFinding('metadata', path, [expected, meta === undefined ? 'no such file' : missing.join(', ')])
  } catch (error) {
    yield directoryFinding('metadata', path, [expected, errorMessage(error).replace(`${path}: `, '')], 'damage')
  }
}

function directoryFinding(
  kind: Finding['kind'],
  path: string,
  [expected, got]: readonly [string, string],
  level: Finding['level'] = 'mends',
): CheckStep {
  const nowhere = { partition: null, position: null, offset: null, segment: null }
  return { kind: 'finding', finding: { level, kind, path, expected, got, ...nowhere } }
}
