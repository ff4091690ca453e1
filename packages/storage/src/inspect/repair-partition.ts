import type { FileSystem } from '../io/file-system.ts'
import { leaderEpochFile } from '../checkpoint/leader-epoch-checkpoint.ts'
import { partitionMetadataFile } from '../checkpoint/partition-metadata.ts'
import { baseOffsetOf } from '../segment/segment-files.ts'
import type { Finding, FindingKind, Range, SegmentSurvey } from './finding.ts'
import { cutEpochs, hasEpochsBehind, rebuildEpochs } from './repair-checkpoints.ts'
import { rebuildIndexes } from './repair-indexes.ts'
import { lostText, repairSegment } from './repair-segment.ts'
import type { Quarantine, RepairStep } from './repair-step.ts'
import { nameOf } from './repair-step.ts'

/** What a check said of one partition. */
export interface PartitionDamage {
  readonly folder: string
  readonly name: string
  readonly findings: readonly Finding[]
  readonly surveys: readonly SegmentSurvey[]
  /** Everything before it was durable. */
  readonly recoveryPoint: number
}

export interface PartitionRepair {
  readonly steps: readonly RepairStep[]
  /** Where the log ends afterwards. */
  readonly endOffset: number
  /** Up to where a start may trust it. */
  readonly recoveryPoint: number
  /** Whether anything was taken out from between good batches. */
  readonly leavesGaps: boolean
}

/** What is done about one partition, in the order in which it must be done. */
export function repairPartition(
  fileSystem: FileSystem,
  found: PartitionDamage,
  quarantine: Quarantine,
): PartitionRepair {
  const { damage, behind } = withoutTornEnd(found)
  const damaged = basesOf(damage, 'batch')
  for (const survey of damage.surveys) if (survey.torn !== null) damaged.add(survey.baseOffset)
  const endOffset = damage.surveys.at(-1)?.endOffset ?? 0
  const gone = new Set(behind.map(({ baseOffset }) => baseOffset))
  const segments = damage.surveys.flatMap((survey): RepairStep[] => {
    const isLast = survey === damage.surveys.at(-1)
    if (!damaged.has(survey.baseOffset)) return []
    if (survey.keep.length === 0 && !isLast) gone.add(survey.baseOffset)
    return [repairSegment(fileSystem, survey, { isLast, lost: lostIn(damage, survey), quarantine })]
  })
  const behindDigits = new Set(behind.map(({ path }) => nameOf(path).slice(0, 20)))
  const isNotBehind = ({ path }: RepairStep): boolean => !behindDigits.has(nameOf(path).slice(0, 20))
  const emptied = [...basesOf(damage, 'missing')].filter((base) => !holdsBatches(damage, base))
  for (const base of emptied) gone.add(base)
  const steps = [
    ...misplaced(damage, quarantine, gone),
    ...segments,
    ...behind.map((survey) => behindTornEnd(fileSystem, damage.folder, survey, quarantine)),
    ...withoutLog(fileSystem, damage, quarantine, gone).filter(isNotBehind),
    ...badSnapshots(fileSystem, damage, quarantine, endOffset).filter(isNotBehind),
    ...indexes(fileSystem, damage, damaged, gone),
    ...epochs(fileSystem, damage, endOffset),
    ...metadata(damage, quarantine),
  ]
  const leavesGaps = damaged.size > 0 || gone.size > 0
  return { steps, endOffset, recoveryPoint: recoveryPointAfter(damage, endOffset), leavesGaps }
}

// As a start would do it: what was never durable goes from the first place that is torn on.
function withoutTornEnd(damage: PartitionDamage): { damage: PartitionDamage; behind: readonly SegmentSurvey[] } {
  const slot = damage.surveys.findIndex(({ torn }) => torn !== null)
  const survey = damage.surveys[slot]
  const torn = survey?.torn
  if (survey === undefined || torn === null || torn === undefined) return { damage, behind: [] }
  const keep = survey.keep.flatMap(({ from, until }) =>
    from >= torn.position ? [] : [{ from, until: Math.min(until, torn.position) }],
  )
  const cut = { ...survey, keep, lost: [], endOffset: torn.offset }
  const isNothing = torn.position === 0 && slot > 0
  const kept = [...damage.surveys.slice(0, slot), ...(isNothing ? [] : [cut])]
  return { damage: { ...damage, surveys: kept }, behind: damage.surveys.slice(isNothing ? slot : slot + 1) }
}

function behindTornEnd(
  fileSystem: FileSystem,
  folder: string,
  { path, partition, sizeBytes }: SegmentSurvey,
  quarantine: Quarantine,
): RepairStep {
  const digits = nameOf(path).slice(0, 20)
  const what = `${sizeBytes} bytes behind the torn end of the log, with their indexes and snapshots`
  const run = (): void => {
    for (const { name } of fileSystem.list(folder) ?? []) {
      if (name.startsWith(`${digits}.`)) quarantine.take(`${folder}/${name}`)
    }
  }
  return { partition, action: 'set aside', path, what, run }
}

// A recovery takes a gap for the end of the log: it must begin behind one.
function recoveryPointAfter({ surveys, recoveryPoint }: PartitionDamage, endOffset: number): number {
  const next = surveys.find(({ baseOffset }) => baseOffset > recoveryPoint)
  const before = surveys.findLast(({ baseOffset }) => baseOffset <= recoveryPoint)
  if (recoveryPoint >= endOffset || next === undefined) return Math.min(recoveryPoint, endOffset)
  return (before?.endOffset ?? 0) < recoveryPoint ? next.baseOffset : recoveryPoint
}

// The last segment stays, even an empty one: it says where the log goes on.
const holdsBatches = ({ surveys }: PartitionDamage, base: number): boolean =>
  surveys.at(-1)?.baseOffset === base || surveys.some((one) => one.baseOffset === base && one.sizeBytes > 0)

const basesOf = ({ findings }: PartitionDamage, kind: FindingKind): Set<number> =>
  new Set(findings.flatMap((finding) => (finding.kind === kind && finding.segment !== null ? finding.segment : [])))

// What follows the last good batch of a segment is known by where the next one begins, or by what was durable.
function lostIn(damage: PartitionDamage, survey: SegmentSurvey): readonly Range[] {
  const next = damage.surveys.find(({ baseOffset }) => baseOffset > survey.baseOffset)
  const until = next?.baseOffset ?? damage.recoveryPoint
  const isWholeToItsEnd = survey.keep.at(-1)?.until === survey.sizeBytes
  if (isWholeToItsEnd || until <= survey.endOffset) return survey.lost
  return [...survey.lost, { from: survey.endOffset, until }]
}

function misplaced({ findings, name }: PartitionDamage, quarantine: Quarantine, gone: Set<number>): RepairStep[] {
  return findings
    .filter(({ kind }) => kind === 'misplaced')
    .map(({ path }) => {
      const base = baseOffsetOf(nameOf(path), '.log')
      if (base !== undefined) gone.add(base)
      const what = 'a folder in the place of a file'
      return { partition: name, action: 'set aside', path, what, run: () => quarantine.take(path) }
    })
}

// Indexes of a segment whose log is gone, and the empty log itself.
function withoutLog(
  fileSystem: FileSystem,
  { folder, name }: PartitionDamage,
  quarantine: Quarantine,
  gone: ReadonlySet<number>,
): RepairStep[] {
  const steps: RepairStep[] = []
  for (const entry of fileSystem.list(folder) ?? []) {
    const suffix = (['.log', '.index', '.timeindex', '.txnindex'] as const).find(
      (one) => baseOffsetOf(entry.name, one) !== undefined,
    )
    const path = `${folder}/${entry.name}`
    if (suffix === undefined || entry.isDirectory || !gone.has(Number(entry.name.slice(0, 20)))) continue
    // One that holds anything has a step of its own.
    if (suffix === '.log' && (fileSystem.stat(path)?.sizeBytes ?? 0) > 0) continue
    const what = suffix === '.log' ? 'an empty segment' : 'an index without its segment'
    steps.push({ partition: name, action: 'set aside', path, what, run: () => quarantine.take(path) })
  }
  return steps
}

function badSnapshots(
  fileSystem: FileSystem,
  { folder, name, findings }: PartitionDamage,
  quarantine: Quarantine,
  endOffset: number,
): RepairStep[] {
  const damaged = new Set(findings.flatMap(({ kind, path }) => (kind === 'snapshot' ? path : [])))
  const steps: RepairStep[] = []
  for (const entry of fileSystem.list(folder) ?? []) {
    const offset = baseOffsetOf(entry.name, '.snapshot') ?? baseOffsetOf(entry.name, '.batches')
    const path = `${folder}/${entry.name}`
    if (offset === undefined || entry.isDirectory || (!damaged.has(path) && offset <= endOffset)) continue
    const what = damaged.has(path) ? 'a snapshot that is damaged' : 'a snapshot from behind the end of the log'
    steps.push({ partition: name, action: 'set aside', path, what, run: () => quarantine.take(path) })
  }
  return steps
}

function indexes(
  fileSystem: FileSystem,
  damage: PartitionDamage,
  salvaged: ReadonlySet<number>,
  gone: ReadonlySet<number>,
): RepairStep[] {
  const inPlaceOf = damage.findings.flatMap(({ kind, path }) => {
    const isIndex = /\.(?:index|timeindex|txnindex)$/.test(path)
    return kind === 'misplaced' && isIndex ? Number(nameOf(path).slice(0, 20)) : []
  })
  const kinds = ['missing', 'index', 'transactions'] as const
  const bases = new Set([...salvaged, ...kinds.flatMap((kind) => [...basesOf(damage, kind)]), ...inPlaceOf])
  return [...bases]
    .filter((base) => !gone.has(base))
    .toSorted((a, b) => a - b)
    .map((base) => ({
      partition: damage.name,
      action: 'rebuild',
      path: `${damage.folder}/${String(base).padStart(20, '0')}.index`,
      what: 'this index, .timeindex and .txnindex, from the batches',
      run: () => rebuildIndexes(fileSystem, damage.folder, base),
    }))
}

function epochs(fileSystem: FileSystem, damage: PartitionDamage, endOffset: number): RepairStep[] {
  const { folder, findings, name } = damage
  const path = `${folder}/${leaderEpochFile}`
  const isLost = findings.some(({ kind, path: at }) => kind === 'epochs' || (kind === 'misplaced' && at === path))
  if (isLost) {
    const what = 'the leader epochs, from the batches'
    return [{ partition: name, action: 'rebuild', path, what, run: () => rebuildEpochs(fileSystem, folder) }]
  }
  if (!hasEpochsBehind(fileSystem, folder, endOffset)) return []
  const what = `without epochs that begin at or behind offset ${endOffset}`
  return [{ partition: name, action: 'rewrite', path, what, run: () => cutEpochs(fileSystem, folder, endOffset) }]
}

function metadata({ findings, name }: PartitionDamage, quarantine: Quarantine): RepairStep[] {
  return findings
    .filter(
      ({ kind, level, path }) => kind === 'metadata' && level === 'damage' && nameOf(path) === partitionMetadataFile,
    )
    .map(({ path }) => {
      const what = 'the next start writes it anew'
      return { partition: name, action: 'set aside', path, what, run: () => quarantine.take(path) }
    })
}

/** What becomes of a recovery point, and of the offsets before it that the log doesn't reach any more. */
export function recoveryPointText(before: number, { endOffset, recoveryPoint }: PartitionRepair): string {
  const lost = endOffset < before ? `; ${lostText([{ from: endOffset, until: before }])}` : ''
  return `recovery point ${before} becomes ${recoveryPoint}${lost}`
}
