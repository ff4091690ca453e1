import { errorMessage } from '@millrace/kernel'
import { leaderEpochFile, readLeaderEpochs } from '../checkpoint/leader-epoch-checkpoint.ts'
import { partitionMetadataFile, readPartitionTopicId } from '../checkpoint/partition-metadata.ts'
import type { FileSystem } from '../io/file-system.ts'
import { LeaderEpochs } from '../log/leader-epochs.ts'
import { baseOffsetOf } from '../segment/segment-files.ts'
import { checkSnapshots } from './check-snapshots.ts'
import type { CheckStep, CheckTotals, Finding, FindingKind, FindingLevel, FindingPlace } from './finding.ts'
import type { LineageLimit } from './judge-batches.ts'
import type { PartitionFiles, SegmentFile } from './partition-files.ts'
import { listPartition } from './partition-files.ts'
import { checkSegment } from './segment-check.ts'

/** What the directory says of a partition. */
export interface PartitionHints {
  readonly name: string
  readonly clean: boolean
  readonly recoveryPoint: number
  readonly logStartOffset: number
  readonly highWatermark: number
  /** A broker writes to it: what only it knows isn't judged. */
  readonly live: boolean
}

/** What is known of a partition while it is checked. */
export class PartitionCheck {
  readonly fileSystem: FileSystem
  readonly hints: PartitionHints
  readonly files: PartitionFiles
  readonly totals: CheckTotals
  readonly readRecords: boolean
  /** Undefined where the file is missing or damaged. */
  epochs: LeaderEpochs | undefined
  /** Behind the last whole batch. */
  endOffset = -1
  lastEpoch = -1
  /** Where the next start of a broker cuts the log: what follows isn't judged any more. */
  torn: { readonly segment: number; readonly position: number; readonly offset: number } | undefined
  /** First offset of each open transaction by its producer. */
  readonly openTransactions = new Map<number, number>()

  constructor(
    fileSystem: FileSystem,
    folder: string,
    hints: PartitionHints,
    options: { readonly totals: CheckTotals; readonly readRecords: boolean },
  ) {
    this.fileSystem = fileSystem
    this.hints = hints
    this.files = listPartition(fileSystem, folder)
    this.totals = options.totals
    this.readRecords = options.readRecords
  }

  finding(
    level: FindingLevel,
    kind: FindingKind,
    path: string,
    [expected, got]: readonly [expected: string, got: string],
    place: FindingPlace = {},
  ): CheckStep {
    const finding: Finding = {
      level,
      kind,
      partition: this.hints.name,
      path,
      position: place.position ?? null,
      offset: place.offset ?? null,
      segment: place.segment ?? null,
      expected,
      got,
    }
    return { kind: 'finding', finding }
  }

  /** Whether the next start looks at this offset, and cuts the log where it finds it damaged. */
  isRecovered(offset: number): boolean {
    return !this.hints.clean && offset >= this.hints.recoveryPoint
  }

  /** What its batches can't reach: the next segment, and an epoch that a whole file of epochs doesn't know. */
  limitOf(segment: SegmentFile): LineageLimit {
    const next = this.files.segments.find(({ baseOffset }) => baseOffset > segment.baseOffset)
    const isSettled = this.hints.clean && !this.hints.live
    const latest = isSettled ? (this.epochs?.latest ?? -1) : -1
    return { beforeOffset: next?.baseOffset ?? Infinity, maxEpoch: latest < 0 ? Infinity : latest }
  }

  isLast(segment: SegmentFile): boolean {
    return this.files.segments.at(-1)?.baseOffset === segment.baseOffset
  }
}

/** Looks at everything in a partition's folder. */
export function* checkPartition(check: PartitionCheck): Generator<CheckStep, void, undefined> {
  check.totals.partitions += 1
  yield* checkFolders(check)
  yield* checkMetadata(check)
  yield* checkEpochs(check)
  for (const segment of check.files.segments) {
    yield* checkGap(check, segment)
    yield* check.hints.live ? checkBesideBroker(check, segment) : checkSegment(check, segment)
  }
  yield* checkEnd(check)
  yield* checkSnapshots(check)
  yield* checkLeftovers(check)
}

// What a broker removed or compacted meanwhile is another file by now: nothing of it was judged.
function* checkBesideBroker(check: PartitionCheck, segment: SegmentFile): Generator<CheckStep> {
  const before = check.fileSystem.stat(segment.path)
  if (before === undefined) return
  const found: CheckStep[] = []
  for (const step of checkSegment(check, segment)) {
    if (step.kind === 'finding') found.push(step)
    else yield step
  }
  const after = check.fileSystem.stat(segment.path)
  const isSame = check.isLast(segment)
    ? after !== undefined && after.sizeBytes >= before.sizeBytes
    : after?.sizeBytes === before.sizeBytes && after.modifiedAtMs === before.modifiedAtMs
  if (isSame) yield* found
}

const segmentFileName = /^\d{20}\.(?:log|index|timeindex|txnindex|snapshot|batches)$/

function* checkFolders(check: PartitionCheck): Generator<CheckStep> {
  for (const name of check.files.folders) {
    const isFile = segmentFileName.test(name) || name === leaderEpochFile || name === partitionMetadataFile
    if (isFile) yield check.finding('damage', 'misplaced', `${check.files.folder}/${name}`, ['a file', 'a folder'])
  }
}

function* checkMetadata(check: PartitionCheck): Generator<CheckStep> {
  if (check.files.folders.has(partitionMetadataFile)) return
  const path = `${check.files.folder}/${partitionMetadataFile}`
  try {
    if (readPartitionTopicId(check.fileSystem, check.files.folder) !== undefined) return
    const got = check.files.names.has(partitionMetadataFile) ? 'none in it' : 'no such file'
    yield check.finding('mends', 'metadata', path, ["the topic's id", got])
  } catch (error) {
    yield check.finding('damage', 'metadata', path, ["version 0 and the topic's id", errorMessage(error)])
  }
}

function* checkEpochs(check: PartitionCheck): Generator<CheckStep> {
  if (check.files.folders.has(leaderEpochFile)) return
  const path = `${check.files.folder}/${leaderEpochFile}`
  try {
    const entries = readLeaderEpochs(check.fileSystem, check.files.folder)
    if (entries !== undefined) check.epochs = new LeaderEpochs(entries)
    else if (check.files.segments.some(({ sizeBytes }) => sizeBytes > 0)) {
      const got = check.files.names.has(leaderEpochFile) ? 'an empty file' : 'no such file'
      yield check.finding('mends', 'epochs', path, ['the leader epochs', got])
    }
  } catch (error) {
    yield check.finding('mends', 'epochs', path, ['the leader epochs', errorMessage(error).replace(`${path}: `, '')])
  }
}

// Compaction leaves gaps. But where a start looks at the log, it takes one for records that were never durable.
function* checkGap(check: PartitionCheck, segment: SegmentFile): Generator<CheckStep> {
  const { endOffset, hints, torn } = check
  const { baseOffset, path } = segment
  if (endOffset < 0 || baseOffset <= endOffset || torn !== undefined) return
  const place = { offset: endOffset, segment: baseOffset }
  const expected = `offset ${endOffset}`
  if (hints.clean || baseOffset <= hints.recoveryPoint) {
    yield check.finding('note', 'gap', path, [expected, 'a gap, as compaction leaves them'], place)
  } else if (endOffset < hints.recoveryPoint) {
    const got = `${baseOffset}, although everything before ${hints.recoveryPoint} was durable`
    yield check.finding('damage', 'missing', path, [expected, got], place)
  } else {
    check.torn = { segment: baseOffset, position: 0, offset: endOffset }
    yield check.finding('mends', 'gap', path, [expected, 'a gap: a start cuts the log here'], place)
  }
}

function* checkEnd(check: PartitionCheck): Generator<CheckStep> {
  const { hints, files, endOffset } = check
  const last = files.segments.at(-1)
  if (hints.live || last === undefined || check.torn !== undefined) return
  const place = { offset: endOffset, segment: last.baseOffset, position: last.sizeBytes }
  const isDeleted = !hints.clean && hints.logStartOffset >= hints.recoveryPoint && hints.logStartOffset > endOffset
  if (endOffset < hints.recoveryPoint && !isDeleted) {
    const expected = `offsets up to ${hints.recoveryPoint}, which were durable`
    yield check.finding('damage', 'missing', last.path, [expected, `an end at ${endOffset}`], place)
  }
  if (hints.logStartOffset > endOffset && !isDeleted) {
    const expected = `a log start of at most ${endOffset}`
    yield check.finding('mends', 'checkpoint', last.path, [expected, `${hints.logStartOffset} in its checkpoint`])
  }
}

const orphan = /^(\d{20})\.(?:index|timeindex|txnindex)$/

function* checkLeftovers(check: PartitionCheck): Generator<CheckStep> {
  const { names, folder, segments } = check.files
  if (check.hints.live) return
  for (const name of names) {
    const base = Number(orphan.exec(name)?.[1] ?? -1)
    const path = `${folder}/${name}`
    if (/\.(?:deleted|cleaned|swap|tmp)$/.test(name)) {
      yield check.finding('note', 'leftover', path, ['nothing', 'a file that the next start removes or finishes'])
    } else if (base >= 0 && baseOffsetOf(`${name.slice(0, 20)}.log`, '.log') === base && !hasLog(check, base)) {
      const isBetween = base > (segments[0]?.baseOffset ?? Infinity) && base < (segments.at(-1)?.baseOffset ?? -1)
      const isRemoved = names.has(`${name.slice(0, 20)}.log.deleted`)
      // What a power cut does to names behind the recovery point is for a start.
      const level = isBetween && !isRemoved && !check.isRecovered(base) ? 'damage' : 'note'
      const kind = level === 'damage' ? 'missing' : 'leftover'
      yield check.finding(level, kind, path, [`${name.slice(0, 20)}.log beside it`, 'no such file'], { segment: base })
    }
  }
}

function hasLog({ files }: PartitionCheck, base: number): boolean {
  const name = `${String(base).padStart(20, '0')}.log`
  return files.names.has(name) || files.folders.has(name)
}
