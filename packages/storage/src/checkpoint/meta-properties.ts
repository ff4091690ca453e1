import type { Random } from '@millrace/kernel'
import type { FileSystem } from '../io/file-system.ts'
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
  return {
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(nodeId === undefined ? {} : { nodeId: Number(nodeId) }),
    ...(directoryId === undefined ? {} : { directoryId }),
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

/** Reads the directory's own, completes or creates it; throws where it belongs to another broker or cluster. */
export function claimDirectory(
  fileSystem: FileSystem,
  directory: string,
  owner: { readonly clusterId: string; readonly nodeId: number; readonly random: Random },
): MetaProperties {
  const found = readMetaProperties(fileSystem, directory) ?? {}
  refuseOther(directory, 'cluster.id', found.clusterId, owner.clusterId)
  refuseOther(directory, 'node.id', found.nodeId, owner.nodeId)
  const meta = {
    clusterId: owner.clusterId,
    nodeId: owner.nodeId,
    directoryId: found.directoryId ?? owner.random.uuid(),
  }
  const complete = found.clusterId !== undefined && found.nodeId !== undefined && found.directoryId !== undefined
  if (!complete) writeMetaProperties(fileSystem, directory, meta)
  return meta
}

function refuseOther(
  directory: string,
  name: string,
  got: string | number | undefined,
  expected: string | number,
): void {
  if (got === undefined || got === expected) return
  throw new Error(`log directory ${directory} has ${name} ${got} in its ${fileName}, this broker has ${expected}`)
}
