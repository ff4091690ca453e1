import type { Consumer, ConsumerOptions, ConsumerRecord } from '@millrace/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { ClientOptions } from '../client-options.ts'
import { wholeNumber, withClient } from '../client-options.ts'
import { progressLine } from '../output/progress-line.ts'
import type { ConsumedRecord } from '../records/json-record.ts'
import { jsonRecord } from '../records/json-record.ts'
import type { StartPosition } from '../records/position.ts'
import { parseOffset, parseTime } from '../records/position.ts'
import { rateSummary } from '../records/rate.ts'
import { readingPlan } from '../records/reading-plan.ts'
import { textFormat } from '../records/text-format.ts'
import { clientOptions, withAdmin } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { say, UsageError, writeData } from '../terminal.ts'

interface ConsumeOptions extends ClientOptions {
  readonly fromBeginning?: boolean
  readonly offset?: string
  readonly time?: string
  readonly partition?: number
  readonly group?: string
  readonly maxMessages?: number
  readonly untilEnd?: boolean
  readonly output: 'text' | 'json' | 'ndjson'
  readonly format?: string
  readonly isolation: 'read_uncommitted' | 'read_committed'
}

const help = `
Fields of --format: %t topic, %p partition, %o offset, %k key, %v value, %h headers, %d time in ms,
%K and %V lengths; \\n, \\t and \\\\ as usual. -o ndjson prints {topic, partition, offset, timestamp, key,
value, headers: [{key, value}]} a line, which 'produce -o ndjson' takes; bytes that are no text are {base64}.

Examples:
  millrace consume orders --from-beginning --format '%t %p %o %k %v %h\\n'
  millrace consume orders --time 15m --until-end -o ndjson | millrace produce copy -o ndjson`

export function addConsumeCommand(program: Command, terminal: Terminal): void {
  withClient(program.command('consume <topic>'))
    .description('print the records of a topic: those to come, unless told where to begin')
    .option('-b, --from-beginning', 'begin with the first record')
    .option('--offset <offset>', "begin at an offset, 'earliest', 'latest', or -10 for the last ten of each partition")
    .option('--time <time>', 'begin with the first record at or after 2026-11-21T10:00:00Z, or 15m ago')
    .option('-p, --partition <number>', 'only this partition', wholeNumber('--partition'))
    .option('-g, --group <group>', 'as a member of this group, committing what was printed')
    .option('-n, --max-messages <number>', 'end after so many records', wholeNumber('--max-messages', 1))
    .option('-e, --until-end', 'end when what was there at the start has been printed')
    .addOption(
      new Option('-o, --output <format>', 'shape of a record').choices(['text', 'json', 'ndjson']).default('text'),
    )
    .option('-f, --format <format>', 'how a record is printed')
    .addOption(
      new Option('--isolation <level>', 'whether records of open and aborted transactions are shown')
        .choices(['read_uncommitted', 'read_committed'])
        .default('read_uncommitted'),
    )
    .addHelpText('after', help)
    .action((topic: string, options: ConsumeOptions) => consume(topic, options, terminal))
}

async function consume(topic: string, options: ConsumeOptions, terminal: Terminal): Promise<void> {
  const start = startOf(options)
  const print = printer(options, terminal)
  const reading = await (options.group === undefined
    ? byHand(topic, start ?? { kind: 'end' }, options, terminal)
    : inGroup(topic, options.group, start, options))
  const { Consumer: ConsumerClass } = await import('@millrace/client')
  const consumer = new ConsumerClass({
    ...clientOptions(options),
    isolationLevel: options.isolation,
    ...reading.options,
  })
  await print.begin()
  if (reading.left === 0) await consumer.close()
  else await printRecords(consumer, reading.done, options, print, terminal)
  await print.end()
}

function startOf(options: ConsumeOptions): StartPosition | undefined {
  const given = [options.fromBeginning, options.offset, options.time].filter((each) => each !== undefined)
  if (given.length > 1) throw new UsageError('say one of --from-beginning, --offset and --time')
  if (options.fromBeginning === true) return { kind: 'beginning' }
  if (options.offset !== undefined) return parseOffset(options.offset)
  return options.time === undefined ? undefined : parseTime(options.time, Date.now())
}

interface Reading {
  readonly options: Partial<ConsumerOptions>
  /** Records known to come before the end; undefined where nobody counts. */
  readonly left: number | undefined
  /** Whether this record was the last that was asked for. */
  readonly done: (record: ConsumerRecord) => boolean
}

async function inGroup(
  topic: string,
  groupId: string,
  start: StartPosition | undefined,
  options: ConsumeOptions,
): Promise<Reading> {
  if (options.partition !== undefined)
    throw new UsageError('a group decides who reads which partition: leave --partition out')
  if (options.untilEnd === true) throw new UsageError('--until-end needs reading without a group')
  if (start !== undefined && start.kind !== 'beginning' && start.kind !== 'end') {
    throw new UsageError('a group begins where it left off: use `millrace group reset-offsets` to move it')
  }
  const autoOffsetReset = start?.kind === 'beginning' ? 'earliest' : 'latest'
  return { options: { groupId, topics: [topic], autoOffsetReset }, left: undefined, done: () => false }
}

function byHand(topic: string, start: StartPosition, options: ConsumeOptions, terminal: Terminal): Promise<Reading> {
  return withAdmin(options, terminal, async (admin, call) => {
    const plan = await readingPlan(admin, topic, options.partition, start, call)
    const ends = new Map(plan.filter((each) => each.offset < each.end).map((each) => [each.partition, each.end]))
    const done = (record: ConsumerRecord): boolean => {
      const end = ends.get(record.partition)
      if (end !== undefined && record.offset + 1 >= end) ends.delete(record.partition)
      return ends.size === 0
    }
    const assignment = plan.map(({ partition, offset }) => ({ topic, partition, start: { offset } }))
    const left = plan.reduce((sum, each) => sum + Math.max(0, each.end - each.offset), 0)
    return options.untilEnd === true
      ? { options: { assignment }, left, done }
      : { options: { assignment }, left: undefined, done: () => false }
  })
}

async function printRecords(
  consumer: Consumer,
  done: (record: ConsumerRecord) => boolean,
  options: ConsumeOptions,
  print: Printer,
  terminal: Terminal,
): Promise<void> {
  const startedMs = performance.now()
  let records = 0
  let bytes = 0
  const summary = (): string => rateSummary('consumed', records, bytes, performance.now() - startedMs)
  const progress = progressLine(terminal, !terminal.stdoutIsTerminal, summary)
  const stop = (): void => void consumer.close()
  terminal.signal.addEventListener('abort', stop)
  try {
    if (terminal.signal.aborted) return
    for await (const record of consumer) {
      await print.record(plain(record))
      records += 1
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
      if (records !== options.maxMessages && !done(record)) continue
      // It was printed, so it is done, though nobody will ask for the next one.
      if (options.group !== undefined) await consumer.commit(record)
      break
    }
  } finally {
    terminal.signal.removeEventListener('abort', stop)
    await consumer.close()
    progress.stop()
    say(terminal, summary())
  }
}

const plain = (record: ConsumerRecord): ConsumedRecord => ({
  topic: record.topic,
  partition: record.partition,
  offset: record.offset,
  timestamp: record.timestamp,
  key: record.key,
  value: record.value,
  headers: record.headers.map(([key, value]) => ({ key, value })),
})

interface Printer {
  begin(): Promise<void>
  record(record: ConsumedRecord): Promise<void>
  end(): Promise<void>
}

function printer(options: ConsumeOptions, terminal: Terminal): Printer {
  const nothing = async (): Promise<void> => {}
  if (options.format !== undefined && options.output !== 'text') throw new UsageError('--format goes with -o text')
  if (options.output === 'text') {
    const format = textFormat(options.format ?? '%v\\n')
    return { begin: nothing, record: (record) => writeData(terminal, format(record)), end: nothing }
  }
  const line = (record: ConsumedRecord): string => JSON.stringify(jsonRecord(record))
  if (options.output === 'ndjson') {
    return { begin: nothing, record: (record) => writeData(terminal, `${line(record)}\n`), end: nothing }
  }
  let separator = '\n'
  return {
    begin: () => writeData(terminal, '['),
    record: async (record) => {
      await writeData(terminal, `${separator}  ${line(record)}`)
      separator = ',\n'
    },
    end: () => writeData(terminal, '\n]\n'),
  }
}
