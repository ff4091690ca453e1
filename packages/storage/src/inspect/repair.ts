import type { OffsetCheckpointName } from '../checkpoint/offset-checkpoint.ts'
import { writeOffsetCheckpoint } from '../checkpoint/offset-checkpoint.ts'
import type { FileSystem } from '../io/file-system.ts'
import type { CheckTarget } from './check.ts'
import { assumedRecoveryPoint } from './partition-files.ts'
import { offsetCheckpointNames } from './check.ts'
import type { Finding, SegmentSurvey } from './finding.ts'
import { readableOffsets } from './repair-checkpoints.ts'
import type { PartitionDamage, PartitionRepair } from './repair-partition.ts'
import { recoveryPointText, repairPartition } from './repair-partition.ts'
import type { RepairStep } from './repair-step.ts'
import { nameOf, Quarantine } from './repair-step.ts'

/** What a check of the target found. */
export interface CheckResult {
  readonly findings: readonly Finding[]
  readonly surveys: readonly SegmentSurvey[]
}

/**
 * What a repair does about what a check found, in order. Nothing is changed before the steps are run; whoever runs them
 * holds the directory's lock since before the check. What is taken away is kept in a folder named `name` in each
 * partition's folder.
 */
export function planRepair(
  fileSystem: FileSystem,
  target: CheckTarget,
  { findings, surveys }: CheckResult,
  name: string,
): readonly RepairStep[] {
  const { directory } = target
  const recoveryPoints = offsetsOf(fileSystem, directory, 'recovery-point-offset-checkpoint')
  const steps: RepairStep[] = []
  const repairs = new Map<string, PartitionRepair>()
  for (const folder of target.folders) {
    const partition = nameOf(folder)
    const own = findings.filter((finding) => finding.partition === partition && finding.level !== 'note')
    if (own.length === 0) continue
    const surveyed = surveys.filter((survey) => survey.partition === partition)
    const damage: PartitionDamage = {
      folder,
      name: partition,
      findings: own,
      surveys: surveyed,
      recoveryPoint: recoveryPoints.get(partition) ?? assumedRecoveryPoint(surveyed),
    }
    const repair = repairPartition(fileSystem, damage, new Quarantine(fileSystem, `${folder}/${name}`))
    steps.push(...repair.steps)
    repairs.set(partition, repair)
  }
  if (directory === undefined) return steps
  const damagedFiles = new Set(findings.flatMap(({ kind, path }) => (kind === 'checkpoint' ? nameOf(path) : [])))
  for (const file of offsetCheckpointNames) {
    steps.push(...repairCheckpoint(fileSystem, directory, file, { damagedFiles, repairs, name }))
  }
  return steps
}

const offsetsOf = (
  fileSystem: FileSystem,
  directory: string | undefined,
  name: OffsetCheckpointName,
): Map<string, number> => (directory === undefined ? new Map() : readableOffsets(fileSystem, directory, name))

interface CheckpointRepair {
  readonly damagedFiles: ReadonlySet<string>
  readonly repairs: ReadonlyMap<string, PartitionRepair>
  readonly name: string
}

// No line may speak of offsets that the log doesn't reach any more.
function repairCheckpoint(
  fileSystem: FileSystem,
  directory: string,
  file: OffsetCheckpointName,
  { damagedFiles, repairs, name }: CheckpointRepair,
): RepairStep[] {
  const path = `${directory}/${file}`
  const offsets = readableOffsets(fileSystem, directory, file)
  const notes: string[] = []
  for (const [partition, repair] of repairs) {
    const isRecovery = file === 'recovery-point-offset-checkpoint'
    // Without a line of its own the log would be cut at a gap that the repair leaves.
    const known = offsets.get(partition) ?? (isRecovery && repair.leavesGaps ? 0 : undefined)
    const wanted = known === undefined ? undefined : offsetAfter(file, known, repair)
    if (known === undefined || wanted === undefined || wanted === known) continue
    offsets.set(partition, wanted)
    notes.push(`${partition}: ${isRecovery ? recoveryPointText(known, repair) : `${known} becomes ${wanted}`}`)
  }
  const isDamaged = damagedFiles.has(file)
  if (!isDamaged && notes.length === 0) return []
  const what = [...(isDamaged ? [`the ${offsets.size} lines that can be read`] : []), ...notes].join('; ')
  const run = (): void => {
    if (isDamaged) fileSystem.rename(path, `${path}.damaged-${name}`)
    writeOffsetCheckpoint(fileSystem, directory, file, offsets)
  }
  return [{ partition: null, action: 'rewrite', path, what, run }]
}

function offsetAfter(file: OffsetCheckpointName, known: number, { endOffset, recoveryPoint }: PartitionRepair): number {
  if (file === 'recovery-point-offset-checkpoint') return recoveryPoint
  if (known <= endOffset) return known
  return file === 'log-start-offset-checkpoint' ? 0 : endOffset
}
