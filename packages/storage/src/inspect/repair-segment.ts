import type { FileSystem } from '../io/file-system.ts'
import type { Range, SegmentSurvey } from './finding.ts'
import type { Quarantine, RepairStep } from './repair-step.ts'
import { copyRanges } from './repair-step.ts'

const sizeOf = (ranges: readonly Range[]): number => ranges.reduce((sum, { from, until }) => sum + until - from, 0)

/** `offsets 73 to 75 are lost`, as far as it is known. */
export function lostText(lost: readonly Range[]): string {
  if (lost.length === 0) return 'no offset is known to be lost'
  const texts = lost.map(({ from, until }) => (until - from === 1 ? `${from}` : `${from} to ${until - 1}`))
  const isOne = lost.length === 1 && lost[0]!.until - lost[0]!.from === 1
  return isOne ? `offset ${texts[0]} is lost` : `offsets ${texts.join(', ')} are lost`
}

/** Whether nothing but the end of the segment is damaged. */
const isCut = ({ keep }: SegmentSurvey): boolean => keep.length === 0 || (keep.length === 1 && keep[0]?.from === 0)

/** What is done about a segment with bytes that are no batches. `lost` are the offsets that went with them. */
export function repairSegment(
  fileSystem: FileSystem,
  survey: SegmentSurvey,
  options: { readonly isLast: boolean; readonly lost: readonly Range[]; readonly quarantine: Quarantine },
): RepairStep {
  const { quarantine, isLast } = options
  const { path, partition, sizeBytes } = survey
  const lost = lostText(options.lost)
  const kept = sizeOf(survey.keep)
  if (kept === 0 && !isLast) {
    const run = (): void => quarantine.take(path)
    return { partition, action: 'set aside', path, what: `all ${sizeBytes} bytes, no batch is whole; ${lost}`, run }
  }
  if (isCut(survey)) {
    const what = `${sizeBytes - kept} bytes from byte ${kept} on; ${lost}`
    return { partition, action: 'cut', path, what, run: () => cut(fileSystem, survey, kept, quarantine) }
  }
  const what = `${sizeBytes - kept} bytes taken out, ${kept} kept; ${lost}`
  return { partition, action: 'salvage', path, what, run: () => salvage(fileSystem, survey, quarantine) }
}

function cut(fileSystem: FileSystem, { path, sizeBytes }: SegmentSurvey, kept: number, quarantine: Quarantine): void {
  quarantine.keepBytes(path, kept, sizeBytes)
  const file = fileSystem.open(path, 'existing')
  try {
    file.truncate(kept)
    file.sync()
  } finally {
    file.close()
  }
}

// The good batches are whole under another name before the old file is moved: stopped in between, it is done again.
function salvage(fileSystem: FileSystem, { path, keep }: SegmentSurvey, quarantine: Quarantine): void {
  const temporary = `${path}.tmp`
  copyRanges(fileSystem, path, temporary, keep)
  quarantine.take(path)
  fileSystem.rename(temporary, path)
  fileSystem.syncDirectory(path.slice(0, path.lastIndexOf('/')))
}
