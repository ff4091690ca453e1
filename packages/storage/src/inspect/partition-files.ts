import type { FileSystem } from '../io/file-system.ts'
import { baseOffsetOf } from '../segment/segment-files.ts'

/** A segment as it lies in a folder. */
export interface SegmentFile {
  readonly baseOffset: number
  readonly path: string
  readonly sizeBytes: number
}

/** What lies in a partition's folder. */
export interface PartitionFiles {
  readonly folder: string
  readonly names: ReadonlySet<string>
  /** Names of folders in it. */
  readonly folders: ReadonlySet<string>
  readonly segments: readonly SegmentFile[]
}

export function listPartition(fileSystem: FileSystem, folder: string): PartitionFiles {
  const entries = fileSystem.list(folder) ?? []
  const names = new Set(entries.filter((entry) => !entry.isDirectory).map(({ name }) => name))
  const folders = new Set(entries.filter((entry) => entry.isDirectory).map(({ name }) => name))
  const segments: SegmentFile[] = []
  for (const name of names) {
    const baseOffset = baseOffsetOf(name, '.log')
    const path = `${folder}/${name}`
    const sizeBytes = baseOffset === undefined ? undefined : fileSystem.stat(path)?.sizeBytes
    if (baseOffset !== undefined && sizeBytes !== undefined) segments.push({ baseOffset, path, sizeBytes })
  }
  segments.sort((a, b) => a.baseOffset - b.baseOffset)
  return { folder, names, folders, segments }
}

/**
 * For a partition whose line in the recovery points is lost: what lies before its last segment. A start would take all of
 * it for what may be torn, and cut it at the first damage.
 */
export const assumedRecoveryPoint = (segments: readonly { readonly baseOffset: number }[]): number =>
  segments.at(-1)?.baseOffset ?? 0
