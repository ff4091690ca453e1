import type { FileSystem } from '../io/file-system.ts'

export const partitionMetadataFile = 'partition.metadata'
const version = 0

/**
 * The topic's id in its 22-character text. Undefined where the folder has no whole `partition.metadata`: a power cut
 * before the log's first sync may have torn it.
 */
export function readPartitionTopicId(fileSystem: FileSystem, folder: string): string | undefined {
  const path = `${folder}/${partitionMetadataFile}`
  const bytes = fileSystem.readFile(path)
  if (bytes === undefined) return undefined
  const text = new TextDecoder().decode(bytes)
  const found = /^version: *(\d+)$/m.exec(text)?.[1]
  if (found !== undefined && found !== String(version))
    throw new Error(`${path}: version ${found}, expected ${version}`)
  return /^topic_id: *([A-Za-z0-9_-]{22})$/m.exec(text)?.[1]
}

/** Made durable with the log's first flush. */
export function writePartitionTopicId(fileSystem: FileSystem, folder: string, topicId: string): void {
  const text = `version: ${version}\ntopic_id: ${topicId}`
  const file = fileSystem.open(`${folder}/${partitionMetadataFile}`, 'create')
  file.truncate(0)
  file.write([new TextEncoder().encode(text)], 0)
  file.close()
}
