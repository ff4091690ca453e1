import { resolve } from 'node:path'
import type { DecoderName, DumpRow } from '@millrace/storage'
import type { Command } from 'commander'
import { Option } from 'commander'
import { counted } from '../output/counted.ts'
import { explain } from '../output/explain.ts'
import type { OutputFormat, Row } from '../output/print.ts'
import { cell, outputFormats } from '../output/print.ts'
import { RowStream } from '../output/row-stream.ts'
import { sayError, styled } from '../output/style.ts'
import { turns } from '../output/turns.ts'
import { dumpColumns, dumpedJson, dumpedText } from '../records/dumped-row.ts'
import type { Terminal } from '../terminal.ts'
import { PartialFailure } from '../terminal.ts'

interface DumpOptions {
  readonly output: OutputFormat
  readonly records?: boolean
  readonly base64?: boolean
  readonly decode?: DecoderName | 'none'
}

const help = `
Reads what Apache Kafka or Millrace wrote: .log, .index, .timeindex, .txnindex, .snapshot, .batches, .checkpoint, the
checkpoint files, meta.properties, partition.metadata. Nothing is changed, and a broker may be running.
Damage is shown where it is, what follows it is still read, and the exit code is 1.

Prints one object for each batch, entry, producer or line, with --records also for each record:
  {file, type: batch, position, sizeBytes, baseOffset, lastOffset, records, leaderEpoch, timestamp, ...}
  {file, type: record, offset, timestamp, key, value, headers, decoded}
  {file, type: damage, position, sizeBytes, expected, got}

Example:
  millrace log dump data/orders-0/00000000000000000000.log --records
  millrace log dump data/__consumer_offsets-*/*.log --records -o ndjson | jq .decoded`

// What the storage package knows; it is not loaded for --help.
const decoders: readonly (DecoderName | 'none')[] = ['offsets', 'transactions', 'share', 'metadata', 'none']

export function addLogDump(log: Command, terminal: Terminal): void {
  log
    .command('dump <files...>')
    .description('print what stands in segments, indexes, snapshots and checkpoints')
    .option('-r, --records', 'the records of each batch too')
    .option('--base64', 'keys and values as base64, also where they are text')
    .addOption(new Option('--decode <what>', "what the records are; a topic's folder says it").choices([...decoders]))
    .addOption(
      new Option('-o, --output <format>', 'shape of what is printed').choices([...outputFormats]).default('table'),
    )
    .addHelpText('after', help)
    .action((files: string[], options: DumpOptions) => dumpFiles(files, options, terminal))
}

async function dumpFiles(files: readonly string[], options: DumpOptions, terminal: Terminal): Promise<void> {
  const json = options.output === 'table' ? undefined : new RowStream(terminal, options.output, [])
  let failures = 0
  let damages = 0
  for (const file of files) {
    if (terminal.signal.aborted) break
    if (files.length > 1 && json === undefined) terminal.stdout.write(`${heading(file, files, terminal)}\n`)
    try {
      damages += await dumpOne(file, options, { terminal, json })
    } catch (error) {
      failures += 1
      sayError(terminal, explain(error))
    }
  }
  await json?.end()
  if (damages > 0) sayError(terminal, `${counted(damages, 'place')} of damage, see \`millrace log check\``)
  if (failures + damages > 0) throw new PartialFailure()
}

const heading = (file: string, files: readonly string[], terminal: Terminal): string =>
  `${file === files[0] ? '' : '\n'}${styled(terminal, 'stdout', 'cyan', file)}`

interface Printer {
  readonly terminal: Terminal
  readonly json: RowStream | undefined
}

/** Prints one file; returns how many places in it are damaged. */
async function dumpOne(file: string, options: DumpOptions, printer: Printer): Promise<number> {
  const { diskFileSystem, dumpFile, fileKindOf } = await import('@millrace/storage')
  const { terminal } = printer
  const path = resolve(file)
  const records = options.records === true
  const decode = options.decode === undefined ? {} : { decode: options.decode }
  const table = new RowStream(terminal, 'table', dumpColumns(fileKindOf(path), records, path))
  const work = turns()
  let damages = 0
  for (const row of dumpFile(diskFileSystem(), path, { records, ...decode })) {
    await work.pause()
    if (terminal.signal.aborted || terminal.stdout.destroyed) break
    if (row === undefined) continue
    if (row.type === 'damage') damages += 1
    if (printer.json !== undefined) await printer.json.write({ file, ...dumpedJson(row, options.base64 === true) })
    else await printText(row, options, table, terminal)
  }
  await table.end()
  return damages
}

async function printText(row: DumpRow, options: DumpOptions, table: RowStream, terminal: Terminal): Promise<void> {
  if (row.type === 'damage') {
    const text = damageText(dumpedJson(row, false))
    return table.line(styled(terminal, 'stdout', 'red', text))
  }
  if (typeof row['text'] === 'string') return table.line(row['text'])
  // A batch that has records is seen in them.
  if (row.type === 'batch' && options.records === true && row['records'] !== 0) return
  await table.write(dumpedText(row, options.base64 === true))
}

const damageText = ({ position, sizeBytes, expected, got }: Row): string =>
  `damage at byte ${cell(position)}, ${cell(sizeBytes)} bytes: expected ${cell(expected)}, got ${cell(got)}`
