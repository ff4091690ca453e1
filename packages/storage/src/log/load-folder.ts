import type { DirectoryEntry } from '../io/file-system.ts'
import { leaderEpochFile } from '../checkpoint/leader-epoch-checkpoint.ts'
import { partitionMetadataFile } from '../checkpoint/partition-metadata.ts'
import type { SegmentSuffix } from '../segment/segment-files.ts'
import { baseOffsetOf, segmentFile } from '../segment/segment-files.ts'
import { Segment } from '../segment/segment.ts'
import { misplaced } from './damage.ts'
import type { LogState } from './log-state.ts'
import { deletedSuffix } from './remove-segments.ts'
import { finishSwaps } from './swap-files.ts'

const indexSuffixes = ['.index', '.timeindex', '.txnindex'] as const
const fileSuffixes: readonly SegmentSuffix[] = ['.log', ...indexSuffixes, '.snapshot', '.batches']

export interface FolderContent {
  readonly names: ReadonlySet<string>
  /** Files that nobody needs any more. */
  readonly leftovers: readonly string[]
}

/**
 * Reads the names in a log's folder into its state. Sets `damage` where they can't be those of a log that is whole up to
 * `sureUntil`; what a power cut does to files behind that offset is for a recovery.
 */
export function loadFolder(state: LogState, sureUntil: number): FolderContent {
  const { fileSystem } = state.files
  const found = fileSystem.list(state.folder) ?? []
  const folder = found.find(isFolderForFile)
  if (folder !== undefined) {
    state.damage = misplaced(state, `${state.folder}/${folder.name} is a folder, expected a file`)
    return { names: new Set(), leftovers: [] }
  }
  const entries = finishSwaps(state, found) ? (fileSystem.list(state.folder) ?? []) : found
  for (const { name } of entries) {
    const snapshot = baseOffsetOf(name, '.snapshot')
    if (snapshot !== undefined) state.snapshotOffsets.add(snapshot)
  }
  loadSegments(state, entries)
  checkSealed(state, sureUntil)
  const names = new Set(entries.map((entry) => entry.name))
  const isLeftover = (name: string): boolean => isTemporary(name) || isOrphan(state, name, names, sureUntil)
  return { names, leftovers: [...names].filter(isLeftover) }
}

/** What a crash left in the middle of its removal, or of its making. */
export function removeLeftovers(state: LogState, names: readonly string[]): void {
  for (const name of names) {
    if (!isTemporary(name)) {
      state.context.logger.warn('an index file without a log is removed', { partition: state.name, file: name })
    }
    state.files.fileSystem.remove(`${state.folder}/${name}`)
  }
}

const isTemporary = (name: string): boolean => name.endsWith(deletedSuffix) || name.endsWith('.tmp')

function isFolderForFile({ name, isDirectory }: DirectoryEntry): boolean {
  if (!isDirectory) return false
  if (name === leaderEpochFile || name === partitionMetadataFile) return true
  return fileSuffixes.some((suffix) => baseOffsetOf(name, suffix) !== undefined)
}

function loadSegments(state: LogState, entries: readonly DirectoryEntry[]): void {
  const { fileSystem } = state.files
  const bases = entries.flatMap(({ name }) => baseOffsetOf(name, '.log') ?? [])
  const nowMs = state.context.clock.wallMs()
  for (const base of bases.toSorted((a, b) => a - b)) {
    const sizeBytes = fileSystem.stat(segmentFile(state.folder, base, '.log'))?.sizeBytes ?? 0
    state.segments.push(new Segment(state, base, sizeBytes, nowMs))
  }
}

// A removal that a crash cut short took the log first: its renamed file still lies there, or it was the first segment.
// Between other segments nothing else removes a log alone.
function isOrphan(state: LogState, name: string, names: ReadonlySet<string>, sureUntil: number): boolean {
  const suffix = indexSuffixes.find((one) => baseOffsetOf(name, one) !== undefined)
  if (suffix === undefined || names.has(`${name.slice(0, 20)}.log`)) return false
  const base = Number(name.slice(0, 20))
  const { segments } = state
  const isBetween = segments.count > 0 && base > segments.first.baseOffset && base < segments.active.baseOffset
  if (!isBetween || base >= sureUntil || names.has(`${name.slice(0, 20)}.log${deletedSuffix}`)) return true
  state.damage = misplaced(
    state,
    `${segmentFile(state.folder, base, '.log')} is missing, although its ${suffix} is there`,
  )
  return false
}

// What is written to later than this one can't be empty, if anything ever pointed into it.
function checkSealed(state: LogState, sureUntil: number): void {
  const { fileSystem } = state.files
  for (const segment of state.segments.all.slice(0, -1)) {
    if (segment.sizeBytes > 0 || segment.baseOffset >= sureUntil) continue
    const indexBytes = fileSystem.stat(segmentFile(state.folder, segment.baseOffset, '.index'))?.sizeBytes ?? 0
    if (indexBytes > 0) state.damage = misplaced(state, `${segment.path} is empty, although its .index is not`)
  }
}
