import { readPartitionTopicId } from '../checkpoint/partition-metadata.ts'
import type { FileSystem } from '../io/file-system.ts'

/** A partition that lies in a log directory. */
export interface PartitionFolder {
  readonly topic: string
  readonly partition: number
  /** From `partition.metadata`; undefined where the folder has none. */
  readonly topicId: string | undefined
  readonly path: string
}

// Folders that are being deleted, were set aside by Kafka, are being moved here, or are Kafka's own metadata.
const otherFolder = /-(?:delete|stray|future)$|^__cluster_metadata-\d+$/
const partitionFolder = /^(?<topic>[a-zA-Z0-9._-]{1,249})-(?<partition>\d+)$/

/** Topic and partition of a folder's name; undefined for what isn't a partition's. */
export function parsePartitionFolder(name: string): { readonly topic: string; readonly partition: number } | undefined {
  if (otherFolder.test(name)) return undefined
  const groups = partitionFolder.exec(name)?.groups
  if (groups?.['topic'] === undefined) return undefined
  return { topic: groups['topic'], partition: Number(groups['partition']) }
}

/** The partitions in a log directory, whoever wrote it. */
export function listPartitionFolders(fileSystem: FileSystem, directory: string): PartitionFolder[] {
  const folders: PartitionFolder[] = []
  for (const { name, isDirectory } of fileSystem.list(directory) ?? []) {
    const parsed = isDirectory ? parsePartitionFolder(name) : undefined
    if (parsed === undefined) continue
    const path = `${directory}/${name}`
    folders.push({ ...parsed, topicId: readPartitionTopicId(fileSystem, path), path })
  }
  return folders
}
