import type { CheckTarget, CheckTotals, FileSystem, Finding, SegmentSurvey } from '@millrace/storage'
import { counted } from '../output/counted.ts'
import { ProgressBar, sized } from '../output/progress-bar.ts'
import { turns } from '../output/turns.ts'
import type { Terminal } from '../terminal.ts'
import { say } from '../terminal.ts'

export interface CheckRun {
  readonly live: boolean
  readonly readRecords: boolean
  /** Called with each finding, as it is found. */
  readonly onFinding: (finding: Finding) => Promise<void> | void
  readonly onSegment?: (survey: SegmentSurvey) => void
}

/** Runs a check with a bar of its progress; returns what it looked at. Stops where the command is interrupted. */
export async function runCheck(
  fileSystem: FileSystem,
  target: CheckTarget,
  run: CheckRun,
  terminal: Terminal,
): Promise<CheckTotals> {
  const { bytesToCheck, checkLogs } = await import('@millrace/storage')
  const totals: CheckTotals = { partitions: 0, segments: 0, batches: 0, records: 0, bytes: 0 }
  const allBytes = bytesToCheck(fileSystem, target)
  const bar = new ProgressBar(terminal, allBytes)
  const work = turns()
  try {
    for (const step of checkLogs(fileSystem, target, { ...run, totals })) {
      bar.show(
        totals.bytes,
        () => `${sized(totals.bytes)} of ${sized(allBytes)}, ${counted(target.folders.length, 'partition')}`,
      )
      if (step.kind === 'finding') await run.onFinding(step.finding)
      else if (step.kind === 'segment') run.onSegment?.(step.survey)
      await work.pause()
      if (terminal.signal.aborted) throw new Error(`stopped after ${sized(totals.bytes)} of ${sized(allBytes)}`)
    }
  } finally {
    bar.clear()
  }
  return totals
}

export function sayTotals(terminal: Terminal, totals: CheckTotals, found: string): void {
  const looked = [
    counted(totals.partitions, 'partition'),
    counted(totals.segments, 'segment'),
    `${totals.batches.toLocaleString('en-US')} batches`,
    counted(totals.records, 'record'),
    sized(totals.bytes),
  ]
  say(terminal, `${looked.join(', ')}: ${found}`)
}
