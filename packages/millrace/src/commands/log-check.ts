import { resolve } from 'node:path'
import type { CheckTarget, Finding } from '@millrace/storage'
import type { Command } from 'commander'
import { Option } from 'commander'
import { exitCodeOf, findingRow, findingsText, levelsText } from '../log-tools/findings.ts'
import { lockIfFree } from '../log-tools/log-lock.ts'
import { runCheck, sayTotals } from '../log-tools/run-check.ts'
import type { OutputFormat } from '../output/print.ts'
import { outputFormats } from '../output/print.ts'
import { RowStream } from '../output/row-stream.ts'
import type { Terminal } from '../terminal.ts'
import { PartialFailure, say, writeData } from '../terminal.ts'

interface CheckOptions {
  readonly output: OutputFormat
  readonly records?: boolean
}

const help = `
DIRECTORY is a log directory (log.dirs), or the folder of one partition; Apache Kafka's are read too. Nothing is changed.
Every batch's CRC, order of offsets and leader epochs is checked, and every index, snapshot and checkpoint against them.
With a broker running on it, only what the broker has finished writing is judged.

Levels: damage (stays until \`millrace log repair\`: the partition is offline, or answers wrongly), mends (the next start
of a broker puts it right), note (does no harm).
Exit codes: 0 nothing to do, 1 could not be checked, 2 not understood, 3 the next start mends it, 4 damage.

Prints: {level, kind, partition, path, position, offset, segment, expected, got} for each finding.

Example:
  millrace log check data
  millrace log check data/orders-0 --records -o json`

export function addLogCheck(log: Command, terminal: Terminal): void {
  log
    .command('check <directory>')
    .description('say what is wrong in a log directory or a partition')
    .option('-r, --records', 'decompress and read every record too')
    .addOption(
      new Option('-o, --output <format>', 'shape of what is printed').choices([...outputFormats]).default('table'),
    )
    .addHelpText('after', help)
    .action((directory: string, options: CheckOptions) => check(resolve(directory), options, terminal))
}

async function check(path: string, options: CheckOptions, terminal: Terminal): Promise<void> {
  const { checkTarget, diskFileSystem } = await import('@millrace/storage')
  const fileSystem = diskFileSystem()
  const target = checkTarget(fileSystem, path)
  const lock = await lockIfFree(fileSystem, target.directory, terminal)
  const json = options.output === 'table' ? undefined : new RowStream(terminal, options.output, [])
  const findings: Finding[] = []
  try {
    const onFinding = async (finding: Finding): Promise<void> => {
      findings.push(finding)
      await json?.write(findingRow(finding))
    }
    const run = { live: lock.live, readRecords: options.records === true, onFinding }
    const totals = await runCheck(fileSystem, target, run, terminal)
    if (json === undefined && findings.length > 0) await writeData(terminal, findingsText(terminal, findings, path))
    await json?.end()
    sayTotals(terminal, totals, levelsText(findings))
  } finally {
    lock.release()
  }
  conclude(path, target, findings, terminal)
}

function conclude(path: string, target: CheckTarget, findings: readonly Finding[], terminal: Terminal): void {
  const exitCode = exitCodeOf(findings)
  if (exitCode === 4) say(terminal, `\`millrace log repair ${path}\` sets aside what is damaged and keeps the rest`)
  if (target.directory === undefined) say(terminal, 'its log directory is not known, nor what was durable in it')
  if (exitCode !== 0) throw new PartialFailure(exitCode)
}
