import type { Random } from '@millrace/kernel'
import type { FileSystem } from '../io/file-system.ts'
import { parsePartitionFolder } from '../log/partition-folders.ts'
import { formatProperties, parseProperties } from './properties.ts'
import { replaceFile } from './replace-file.ts'

/** `meta.properties` of a log directory: whose it is. */
export interface MetaProperties {
  readonly clusterId: string
  readonly nodeId: number
  /** 22 characters; tells this directory from any other, also after it was mounted elsewhere. */
  readonly directoryId: string
}

const fileName = 'meta.properties'

/** Undefined where the directory has none: nobody used it yet. Version 0 (of Kafka with ZooKeeper) is read as well. */
export function readMetaProperties(fileSystem: FileSystem, directory: string): Partial<MetaProperties> | undefined {
  const path = `${directory}/${fileName}`
  const bytes = fileSystem.readFile(path)
  if (bytes === undefined) return undefined
  const properties = parseProperties(new TextDecoder().decode(bytes))
  const version = properties.get('version') ?? '0'
  if (version !== '0' && version !== '1') {
    throw new Error(`${path}: version ${version} is newer than this broker knows, expected 0 or 1`)
  }
  const nodeId = properties.get(version === '0' ? 'broker.id' : 'node.id')
  const clusterId = properties.get('cluster.id')
  const directoryId = properties.get('directory.id')
  // What can't be an id is damaged, and as good as missing.
  return {
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(/^\d+$/.test(nodeId ?? '') ? { nodeId: Number(nodeId) } : {}),
    ...(directoryId !== undefined && /^[A-Za-z0-9_-]{22}$/.test(directoryId) ? { directoryId } : {}),
  }
}

function writeMetaProperties(fileSystem: FileSystem, directory: string, meta: MetaProperties): void {
  const text = formatProperties(
    new Map([
      ['version', '1'],
      ['cluster.id', meta.clusterId],
      ['node.id', String(meta.nodeId)],
      ['directory.id', meta.directoryId],
    ]),
  )
  replaceFile(fileSystem, `${directory}/${fileName}`, new TextEncoder().encode(text), true)
}

export interface DirectoryClaim {
  readonly clusterId: string
  readonly nodeId: number
  readonly random: Random
  /** Told what of an old directory's file is lost and written anew. */
  readonly onRebuilt: (missing: readonly string[]) => void
}

/** Reads the directory's own, completes or creates it; throws where it belongs to another broker or cluster. */
export function claimDirectory(fileSystem: FileSystem, directory: string, owner: DirectoryClaim): MetaProperties {
  const found = readMetaProperties(fileSystem, directory) ?? {}
  refuseOther(directory, 'cluster.id', found.clusterId, owner.clusterId)
  refuseOther(directory, 'node.id', found.nodeId, owner.nodeId)
  const meta = {
    clusterId: owner.clusterId,
    nodeId: owner.nodeId,
    directoryId: found.directoryId ?? owner.random.uuid(),
  }
  const missing = (['clusterId', 'nodeId', 'directoryId'] as const).filter((field) => found[field] === undefined)
  if (missing.length === 0) return meta
  if (!isNew(fileSystem, directory)) owner.onRebuilt(missing)
  writeMetaProperties(fileSystem, directory, meta)
  return meta
}

/** Whether nobody kept logs in it: a lock, and where it is the first one the folder of the metadata, are there before all. */
const isNew = (fileSystem: FileSystem, directory: string): boolean =>
  (fileSystem.list(directory) ?? []).every(
    ({ name, isDirectory }) => name.startsWith('.lock') || (isDirectory && parsePartitionFolder(name) === undefined),
  )

function refuseOther(
  directory: string,
  name: string,
  got: string | number | undefined,
  expected: string | number,
): void {
  if (got === undefined || got === expected) return
  throw new Error(`log directory ${directory} has ${name} ${got} in its ${fileName}, this broker has ${expected}`)
}
