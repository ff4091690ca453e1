import type { FileSystem } from '../io/file-system.ts'
import { replaceFile } from './replace-file.ts'

const fileName = 'partition.metadata'
const version = 0

/** The topic's id in its 22-character text; undefined where the folder has no `partition.metadata`. */
export function readPartitionTopicId(fileSystem: FileSystem, folder: string): string | undefined {
  const path = `${folder}/${fileName}`
  const bytes = fileSystem.readFile(path)
  if (bytes === undefined) return undefined
  const lines = new TextDecoder().decode(bytes).split('\n')
  const values = new Map(lines.map((line) => line.split(':').map((part) => part.trim()) as [string, string]))
  const found = values.get('version')
  if (found !== String(version)) throw new Error(`${path}: version ${found}, expected ${version}`)
  const topicId = values.get('topic_id')
  if (topicId === undefined || topicId.length !== 22) {
    throw new Error(`${path}: topic_id '${topicId}', expected 22 characters`)
  }
  return topicId
}

export function writePartitionTopicId(fileSystem: FileSystem, folder: string, topicId: string): void {
  const text = `version: ${version}\ntopic_id: ${topicId}`
  replaceFile(fileSystem, `${folder}/${fileName}`, new TextEncoder().encode(text), false)
}
