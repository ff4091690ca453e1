import { createInterface } from 'node:readline'
import type { Producer, ProducerOptions } from '@millrace/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { ClientOptions } from '../client-options.ts'
import { collect, wholeNumber, withClient } from '../client-options.ts'
import { explain } from '../output/explain.ts'
import { progressLine } from '../output/progress-line.ts'
import type { JsonInput } from '../records/json-record.ts'
import { lineParser, parseHeader } from '../records/input.ts'
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
}

const help = `
A line is a value, or with --key-separator a key and a value. With -o ndjson a line is
{key, value, headers: [{key, value}], timestamp, partition}: what 'consume -o ndjson' prints.

Example:
  echo '42:two lamps' | millrace produce orders --key-separator : --header source=shell --compression zstd`

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
    .addHelpText('after', help)
    .action((topic: string, options: ProduceOptions) => produce(topic, options, terminal))
}

interface Tally {
  records: number
  bytes: number
  outstanding: number
  failure: unknown
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
  const progress = progressLine(terminal, () =>
    rateSummary('produced', tally.records, tally.bytes, performance.now() - startedMs),
  )
  try {
    await sendLines(topic, options.partition, parse, producer, tally, terminal)
    await producer.flush()
  } finally {
    progress.stop()
    await producer.close()
    say(terminal, rateSummary('produced', tally.records, tally.bytes, performance.now() - startedMs))
  }
  if (tally.failure === undefined) return
  say(terminal, `millrace: ${explain(tally.failure)}`)
  throw new PartialFailure()
}

const producerOptions = (options: ProduceOptions): Omit<ProducerOptions, 'bootstrapServers'> => ({
  compressionType: options.compression,
  acks: options.acks === 'all' ? 'all' : options.acks === '1' ? 1 : 0,
  enableIdempotence: options.acks === 'all',
  deliveryTimeoutMs: options.timeout,
  requestTimeoutMs: options.timeout,
})

async function sendLines(
  topic: string,
  partition: number | undefined,
  parse: (line: string, lineNumber: number) => JsonInput,
  producer: Producer,
  tally: Tally,
  terminal: Terminal,
): Promise<void> {
  const lines = createInterface({ input: terminal.stdin, crlfDelay: Infinity, signal: terminal.signal })
  let lineNumber = 0
  try {
    for await (const line of lines) {
      lineNumber += 1
      if (tally.failure !== undefined) return
      send(topic, partition, parse(line, lineNumber), producer, tally)
      if (tally.outstanding >= outstandingMax) await new Promise<void>((resolve) => (tally.resume = resolve))
    }
  } catch (error) {
    if (!terminal.signal.aborted) throw error
  } finally {
    lines.close()
  }
}

function send(topic: string, partition: number | undefined, input: JsonInput, producer: Producer, tally: Tally): void {
  const target = partition ?? input.partition
  const record = {
    topic,
    key: input.key,
    value: input.value,
    headers: input.headers.map((header) => [header.key, header.value] as const),
    ...(target === undefined ? {} : { partition: target }),
    ...(input.timestamp === undefined ? {} : { timestamp: input.timestamp }),
  }
  const bytes = (input.key?.length ?? 0) + (input.value?.length ?? 0)
  tally.outstanding += 1
  producer
    .send(record)
    .then(() => {
      tally.records += 1
      tally.bytes += bytes
      return undefined
    })
    .catch((error: unknown) => {
      tally.failure ??= error
    })
    .finally(() => {
      tally.outstanding -= 1
      if (tally.outstanding < outstandingMax / 2 || tally.failure !== undefined) tally.resume()
    })
}
