import type { BrokerEpoch } from '@millrace/kernel'
import { asBrokerEpoch } from '@millrace/kernel'
import type { FileSystem } from '@millrace/storage'

/** What one life of a broker leaves behind for the next: whether its log directories can have lost something. */
export interface BrokerLife {
  readonly epoch: BrokerEpoch
  /** The oldest epoch since which they lost nothing. */
  readonly intactSince: BrokerEpoch
  /** Of the machine: what the page cache holds outlives a process, not a boot. */
  readonly bootId: string
  readonly stoppedCleanly: boolean
  /** Of the log directories that it served from. */
  readonly directoryIds: readonly string[]
}

const fileName = 'millrace-broker.json'
const formatVersion = 1

/** Whether a broker of ours has used the directory. */
export const hasBrokerLife = (fileSystem: FileSystem, directory: string): boolean =>
  fileSystem.readFile(`${directory}/${fileName}`) !== undefined

export function readBrokerLife(fileSystem: FileSystem, directory: string): BrokerLife | null {
  const path = `${directory}/${fileName}`
  const bytes = fileSystem.readFile(path)
  if (bytes === undefined) return null
  const found: unknown = JSON.parse(new TextDecoder().decode(bytes))
  if (!isSavedLife(found)) throw new Error(`${path} isn't what a broker writes there: remove it to go on without`)
  if (found.version > formatVersion) {
    throw new Error(`${path} has version ${found.version}, this Millrace knows up to ${formatVersion}`)
  }
  const { epoch, intactSince: since, bootId, stoppedCleanly, directoryIds = [] } = found
  return { epoch: asBrokerEpoch(epoch), intactSince: asBrokerEpoch(since), bootId, stoppedCleanly, directoryIds }
}

export function writeBrokerLife(fileSystem: FileSystem, directory: string, life: BrokerLife): void {
  const path = `${directory}/${fileName}`
  const bytes = new TextEncoder().encode(`${JSON.stringify({ version: formatVersion, ...life })}\n`)
  const file = fileSystem.open(`${path}.tmp`, 'create')
  try {
    file.truncate(0)
    file.write([bytes], 0)
    file.sync()
  } finally {
    file.close()
  }
  fileSystem.rename(`${path}.tmp`, path)
}

/** Since when the directories are whole, as far as the last life can say; null where it can't, or one is missing. */
export function intactSince(
  last: BrokerLife | null,
  bootId: string,
  directoryIds: readonly string[],
): BrokerEpoch | null {
  if (last === null || !(last.stoppedCleanly || last.bootId === bootId)) return null
  return last.directoryIds.every((id) => directoryIds.includes(id)) ? last.intactSince : null
}

interface SavedLife {
  readonly version: number
  readonly epoch: number
  readonly intactSince: number
  readonly bootId: string
  readonly stoppedCleanly: boolean
  readonly directoryIds?: readonly string[]
}

function isSavedLife(value: unknown): value is SavedLife {
  if (typeof value !== 'object' || value === null) return false
  const fields: Readonly<Record<string, unknown>> = { ...value }
  return (
    ['version', 'epoch', 'intactSince'].every((name) => Number.isSafeInteger(fields[name])) &&
    typeof fields['bootId'] === 'string' &&
    typeof fields['stoppedCleanly'] === 'boolean' &&
    (fields['directoryIds'] === undefined || Array.isArray(fields['directoryIds']))
  )
}
