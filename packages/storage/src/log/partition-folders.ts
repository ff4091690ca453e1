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

const futureFolderName = /^(?<name>.+-\d+)\.[0-9a-f]{32}-future$/

/** The partition, such as `orders-0`, whose log is being moved into a folder of this name; undefined for all others. */
export const partitionOfFuture = (folder: string): string | undefined => futureFolderName.exec(folder)?.groups?.['name']

const folderNameMax = 255

/** Whether the folder that a move of the partition needs has a name that file systems take (KAFKA-4893). */
export const canBeMoved = (partitionName: string): boolean =>
  futureFolder(partitionName, new Uint8Array(16)).length <= folderNameMax

/** The folder into which a partition is moved, in Kafka's form; `unique` has 16 bytes. */
export const futureFolder = (partitionName: string, unique: Uint8Array): string =>
  `${partitionName}.${Buffer.from(unique).toString('hex')}-future`

/** The same of what is deleted or set aside; the topic's name is cut so that a file system takes the whole. */
export function renamedFolder(partitionName: string, unique: Uint8Array, ending: '-delete' | '-stray'): string {
  const dash = partitionName.lastIndexOf('-')
  const suffix = `${partitionName.slice(dash)}.${Buffer.from(unique).toString('hex')}${ending}`
  return partitionName.slice(0, Math.min(dash, folderNameMax - suffix.length)) + suffix
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
