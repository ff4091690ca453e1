import { resolve } from 'node:path'
import type { CheckTarget, FileSystem, Finding, RepairStep, SegmentSurvey } from '@millrace/storage'
import type { Command } from 'commander'
import { Option } from 'commander'
import { exitCodeOf, levelsText, within } from '../log-tools/findings.ts'
import { runCheck, sayTotals } from '../log-tools/run-check.ts'
import { counted } from '../output/counted.ts'
import type { OutputFormat, Row } from '../output/print.ts'
import { outputFormats, printRows, tableText } from '../output/print.ts'
import { styled } from '../output/style.ts'
import type { Terminal } from '../terminal.ts'
import { confirm, PartialFailure, say, writeData } from '../terminal.ts'

interface RepairOptions {
  readonly output: OutputFormat
  readonly dryRun?: boolean
  readonly yes?: boolean
}

const help = `
DIRECTORY is a log directory (log.dirs), or the folder of one partition. No broker may run on it.
It is checked as by \`millrace log check\`, and then:
  cut        the damaged end of a segment, where nothing good follows
  salvage    keep the good batches of a segment, and take out what is none: offsets that are lost stay a gap
  set aside  what is damaged as a whole
  rebuild    indexes and leader epochs, from the batches
  rewrite    checkpoints that speak of offsets which are gone, or can't be read
What is taken away is kept in a folder quarantine-TIME in the partition's folder.
Exit codes: 0 all is whole now (or nothing was to be done), 1 failed, 2 not understood, 3 and 4 as of \`log check\`: what
a repair leaves, or with --dry-run what it found.

Prints: {action, partition, path, what, done} for each step.

Example:
  millrace log repair data --dry-run
  millrace log repair data/orders-0 --yes`

export function addLogRepair(log: Command, terminal: Terminal): void {
  log
    .command('repair <directory>')
    .description('cut or set aside what is damaged, rebuild what can be rebuilt')
    .option('--dry-run', 'only say what would be done')
    .option('-y, --yes', 'do not ask')
    .addOption(
      new Option('-o, --output <format>', 'shape of what is printed').choices([...outputFormats]).default('table'),
    )
    .addHelpText('after', help)
    .action((directory: string, options: RepairOptions) => repair(resolve(directory), options, terminal))
}

async function repair(path: string, options: RepairOptions, terminal: Terminal): Promise<void> {
  const { checkTarget, diskFileSystem, planRepair } = await import('@millrace/storage')
  const fileSystem = diskFileSystem()
  const target = checkTarget(fileSystem, path)
  // A broker that runs keeps the lock, and this throws with its process.
  const lock = target.directory === undefined ? undefined : fileSystem.lock(target.directory)
  try {
    const found = await check(fileSystem, target, terminal)
    const quarantine = quarantineName()
    const steps = planRepair(fileSystem, target, found, quarantine)
    await carryOut(steps, { path, target, fileSystem, options, terminal, quarantine, findings: found.findings })
  } finally {
    lock?.release()
  }
}

async function check(
  fileSystem: FileSystem,
  target: CheckTarget,
  terminal: Terminal,
): Promise<{ readonly findings: readonly Finding[]; readonly surveys: readonly SegmentSurvey[] }> {
  const findings: Finding[] = []
  const surveys: SegmentSurvey[] = []
  const onFinding = (finding: Finding): void => void findings.push(finding)
  const onSegment = (survey: SegmentSurvey): void => void surveys.push(survey)
  const totals = await runCheck(fileSystem, target, { live: false, readRecords: false, onFinding, onSegment }, terminal)
  sayTotals(terminal, totals, levelsText(findings))
  return { findings, surveys }
}

const quarantineName = (): string => `quarantine-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`

interface Repair {
  readonly path: string
  readonly target: CheckTarget
  readonly fileSystem: FileSystem
  readonly options: RepairOptions
  readonly terminal: Terminal
  readonly quarantine: string
  readonly findings: readonly Finding[]
}

async function carryOut(steps: readonly RepairStep[], repairing: Repair): Promise<void> {
  const { options, terminal, findings, path } = repairing
  if (steps.length === 0) {
    if (options.output !== 'table') await printRows(terminal, options.output, [], [])
    say(terminal, findings.length === 0 ? 'nothing to repair' : 'nothing that a repair would do about it')
    return conclude(findings)
  }
  if (options.output === 'table') await writeData(terminal, stepsText(terminal, steps, path))
  if (options.dryRun === true) {
    if (options.output !== 'table') await printRows(terminal, options.output, [], steps.map(rowOf(false)))
    say(terminal, `${counted(steps.length, 'step')} would be taken; nothing was changed`)
    return conclude(findings)
  }
  await confirm(
    terminal,
    `Take ${steps.length === 1 ? 'this step' : `these ${steps.length} steps`}?`,
    options.yes === true,
  )
  for (const step of steps) take(step, path)
  if (options.output !== 'table') await printRows(terminal, options.output, [], steps.map(rowOf(true)))
  say(
    terminal,
    `${counted(steps.length, 'step')} taken; what was taken away is in ${repairing.quarantine} in the partition's folder`,
  )
  conclude((await check(repairing.fileSystem, repairing.target, terminal)).findings)
}

function take(step: RepairStep, path: string): void {
  try {
    step.run()
  } catch (error) {
    const what = `${step.action} of ${within(path, step.path)} failed: what came before it is done, the rest is as it was`
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function conclude(findings: readonly Finding[]): void {
  const exitCode = exitCodeOf(findings)
  if (exitCode !== 0) throw new PartialFailure(exitCode)
}

const rowOf =
  (done: boolean) =>
  ({ action, partition, path, what }: RepairStep): Row => ({ action, partition, path, what, done })

/** Two lines for each step: what is done where, and what comes of it. */
function stepsText(terminal: Terminal, steps: readonly RepairStep[], directory: string): string {
  const rows = steps.map(({ action, path }): Row => ({ action, file: within(directory, path) }))
  const [heading = '', ...lines] = tableText([{ name: 'action' }, { name: 'file' }], rows).split('\n')
  const shown = lines.flatMap((line, slot) => [
    line,
    styled(terminal, 'stdout', 'dim', `           ${steps[slot]?.what ?? ''}`),
  ])
  return `${[styled(terminal, 'stdout', 'bold', heading), ...shown].join('\n')}\n`
}
