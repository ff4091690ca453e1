import type { Producer, ProducerOptions, ProducerRecord } from '@millrace/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { ClientOptions } from '../client-options.ts'
import { collect, wholeNumber, withClient } from '../client-options.ts'
import { explain } from '../output/explain.ts'
import { progressLine } from '../output/progress-line.ts'
import { sayError } from '../output/style.ts'
import type { JsonInput } from '../records/json-record.ts'
import type { LineParser } from '../records/input.ts'
import { lineParser, parseHeader } from '../records/input.ts'
import { linesOf } from '../records/lines.ts'
import { rateSummary } from '../records/rate.ts'
import { clientOptions } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { PartialFailure, say } from '../terminal.ts'

interface ProduceOptions extends ClientOptions {
  readonly output: 'text' | 'json' | 'ndjson'
  readonly keySeparator?: string
  readonly nullMarker?: string
  readonly header?: readonly string[]
  readonly compression: NonNullable<ProducerOptions['compressionType']>
  readonly acks: string
  readonly partition?: number
  readonly batchSize: number
}

const help = `
A line is a value, or with --key-separator a key and a value. With -o ndjson a line is
{key, value, headers: [{key, value}], timestamp, partition}: what 'consume -o ndjson' prints.

Example:
  echo '42:two lamps' | millrace produce orders --key-separator : --header source=shell --compression zstd`

/** Whether a record is too large is for the topic to say (`max.message.bytes`); this only bounds our memory. */
const recordBytesMax = 32 * 1024 * 1024
const bufferBytes = 2 * recordBytesMax

/** Lines come in by the ten thousand: batches of 16 KiB, as a client sends by default, take five times as long. */
const batchBytesDefault = 128 * 1024

/** How many records may be under way before we read no further line. */
const outstandingMax = 10_000

export function addProduceCommand(program: Command, terminal: Terminal): void {
  withClient(program.command('produce <topic>'))
    .description('produce a record for each line of standard input')
    .addOption(
      new Option('-o, --output <format>', 'shape of the lines').choices(['text', 'json', 'ndjson']).default('text'),
    )
    .option('-k, --key-separator <text>', 'what stands between key and value')
    .option('-n, --null-marker <text>', 'a key or value that is this text is null')
    .option('-H, --header <name=value>', 'a header of every record; may be repeated', collect)
    .addOption(
      new Option('-z, --compression <codec>', 'how batches are compressed')
        .choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        .default('none'),
    )
    .addOption(new Option('-a, --acks <acks>', 'who must have a record').choices(['all', '1', '0']).default('all'))
    .option('-p, --partition <number>', 'put all records there', wholeNumber('--partition'))
    .addOption(
      new Option('--batch-size <bytes>', 'how large a batch grows before it is sent at once')
        .argParser(wholeNumber('--batch-size', 1, recordBytesMax))
        .default(batchBytesDefault),
    )
    .addHelpText('after', help)
    .action((topic: string, options: ProduceOptions) => produce(topic, options, terminal))
}

interface Tally {
  records: number
  bytes: number
  outstanding: number
  failure: { readonly lineNumber: number; readonly error: unknown } | undefined
  /** Called when there is room again. */
  resume: () => void
}

async function produce(topic: string, options: ProduceOptions, terminal: Terminal): Promise<void> {
  const parse = lineParser({
    shape: options.output,
    keySeparator: options.keySeparator,
    nullMarker: options.nullMarker,
    headers: (options.header ?? []).map(parseHeader),
  })
  const { Producer: ProducerClass } = await import('@millrace/client')
  const producer = new ProducerClass({ ...clientOptions(options), ...producerOptions(options) })
  const tally: Tally = { records: 0, bytes: 0, outstanding: 0, failure: undefined, resume: () => {} }
  const startedMs = performance.now()
  const progress = progressLine(terminal, !terminal.stdinIsTerminal, () =>
    rateSummary('produced', tally.records, tally.bytes, performance.now() - startedMs),
  )
  try {
    await sendLines(topic, options.partition, parse, producer, tally, terminal)
    await producer.flush()
  } finally {
    await producer.close()
    progress.stop()
    say(terminal, rateSummary('produced', tally.records, tally.bytes, performance.now() - startedMs))
  }
  if (tally.failure === undefined) return
  sayError(terminal, `line ${tally.failure.lineNumber}: ${explain(tally.failure.error)}`)
  throw new PartialFailure()
}

const producerOptions = (options: ProduceOptions): Omit<ProducerOptions, 'bootstrapServers'> => ({
  compressionType: options.compression,
  acks: options.acks === 'all' ? 'all' : options.acks === '1' ? 1 : 0,
  enableIdempotence: options.acks === 'all',
  batchSize: options.batchSize,
  maxRequestSize: recordBytesMax,
  bufferMemory: bufferBytes,
  deliveryTimeoutMs: options.timeout,
  requestTimeoutMs: options.timeout,
})

async function sendLines(
  topic: string,
  partition: number | undefined,
  parse: LineParser,
  producer: Producer,
  tally: Tally,
  terminal: Terminal,
): Promise<void> {
  let lineNumber = 0
  for await (const lines of linesOf(terminal.stdin, terminal.signal)) {
    for (const line of lines) {
      lineNumber += 1
      send(topic, partition, parse(line, lineNumber), producer, tally, lineNumber)
      if (tally.outstanding >= outstandingMax) await new Promise<void>((resolve) => (tally.resume = resolve))
      if (tally.failure !== undefined || terminal.signal.aborted) return
    }
  }
}

function send(
  topic: string,
  partition: number | undefined,
  input: JsonInput,
  producer: Producer,
  tally: Tally,
  lineNumber: number,
): void {
  const bytes = (input.key?.length ?? 0) + (input.value?.length ?? 0)
  tally.outstanding += 1
  producer.send(recordOf(topic, partition, input)).then(
    () => delivered(tally, bytes),
    (error: unknown) => failed(tally, { lineNumber, error }),
  )
}

function delivered(tally: Tally, bytes: number): void {
  tally.records += 1
  tally.bytes += bytes
  settled(tally)
}

function failed(tally: Tally, failure: NonNullable<Tally['failure']>): void {
  tally.failure ??= failure
  settled(tally)
}

function settled(tally: Tally): void {
  tally.outstanding -= 1
  if (tally.outstanding < outstandingMax / 2 || tally.failure !== undefined) tally.resume()
}

// Fields that are absent are left out: to spread nothing into each of millions of records would show.
function recordOf(topic: string, partition: number | undefined, input: JsonInput): ProducerRecord {
  const { key, value } = input
  const record: { -readonly [Name in keyof ProducerRecord]: ProducerRecord[Name] } = { topic, key, value }
  const target = partition ?? input.partition
  if (target !== undefined) record.partition = target
  if (input.timestamp !== undefined) record.timestamp = input.timestamp
  if (input.headers.length > 0) record.headers = input.headers.map((header) => [header.key, header.value] as const)
  return record
}
