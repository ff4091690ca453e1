// Runs the loads of each row in turn, round after round: who goes first moves on by one each round.
import { createTopics, withAdmin } from '../../tests/interop/clients/admin.ts'
import { errorMessage } from '@millrace/kernel'
import { touchPageCache } from '../measure/page-cache.ts'
import type { Contender, RowName } from './contenders.ts'
import type { Load, Measured } from './load/load.ts'
import type { Runner } from './program.ts'

export interface Settings {
  readonly compression: 'none' | 'gzip'
  readonly lingerMs: number
  readonly batchBytes: number
  readonly warmupMs: number
  readonly windowMs: number
  readonly rounds: number
}

/** One broker, one size of records, one kind of load. */
export interface Section {
  readonly broker: string
  readonly recordBytes: number
  readonly row: RowName
  readonly contenders: readonly Contender[]
}

export interface Result extends Section {
  /** For each contender what each round measured, in the order of the rounds. */
  readonly measured: readonly (readonly Measured[])[]
  readonly failures: readonly Failure[]
}

/** A run of a peer's that ended with an error and was made again. */
interface Failure {
  readonly client: Contender['client']
  readonly shape: string
  readonly round: number
  readonly message: string
}

export interface Bench {
  readonly settings: Settings
  readonly folder: string
  readonly run: Runner
  readonly step: (text: string) => void
}

const partitions = 6
const outstandingMost = 10_000
const attempts = 3
const bytesToRead = (recordBytes: number): number => (recordBytes < 1000 ? 400e6 : 900e6)

export async function measure(bench: Bench, section: Section, bootstrap: string): Promise<Result> {
  const { settings } = bench
  const measured: Measured[][] = section.contenders.map(() => [])
  const failures: Failure[] = []
  const topic = section.row === 'consume' ? await filled(bench, section, bootstrap) : undefined
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const i of section.contenders.keys()) {
      const at = (i + round) % section.contenders.length
      const contender = section.contenders[at]
      if (contender === undefined) continue
      const { client, shape, outstanding = outstandingMost } = contender
      bench.step(`${section.broker} ${section.recordBytes} B ${section.row} ${client} ${shape}, ${round + 1}`)
      const load = { ...loadOf(settings, section, bootstrap), client, shape, outstanding }
      const newTopic = (attempt: number): string => `${section.row}-${section.recordBytes}-${at}-${round}-${attempt}`
      const once = (attempt: number): Promise<Measured> =>
        topic === undefined ? inNewTopic(bench, { ...load, topic: newTopic(attempt) }) : bench.run({ ...load, topic })
      const failed = (message: string): number => failures.push({ client, shape: contender.title, round, message })
      measured[at]?.push(await (client === 'millrace' ? once(0) : again(once, failed)))
    }
  }
  if (topic !== undefined) await remove(bootstrap, topic)
  return { ...section, measured, failures }
}

// A peer that fails once doesn't cost the results of all others; it is told of beside them. Ours may not fail.
async function again(once: (attempt: number) => Promise<Measured>, failed: (message: string) => void) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(attempt)
    } catch (error) {
      if (attempt === attempts) throw error
      failed(errorMessage(error))
    }
  }
}

function loadOf(
  settings: Settings,
  { row, recordBytes }: Section,
  bootstrap: string,
): Omit<Load, 'client' | 'shape' | 'outstanding'> {
  const { compression, batchBytes } = settings
  // A percentile wants a thousand records and more; without linger, for two of them have none.
  const longer = row === 'latency' ? 2 : 1
  const [warmupMs, windowMs] = [settings.warmupMs * longer, settings.windowMs * longer]
  const lingerMs = row === 'latency' ? 0 : settings.lingerMs
  const records = Math.floor(bytesToRead(recordBytes) / recordBytes)
  const size = { partitions, recordBytes, records }
  return { kind: row, bootstrap, topic: '', compression, lingerMs, batchBytes, warmupMs, windowMs, ...size }
}

async function inNewTopic(bench: Bench, load: Load): Promise<Measured> {
  if (load.kind === 'produce') touchPageCache(bench.folder, 200e6)
  await createTopics(load.bootstrap, [load.topic], partitions)
  const measured = await bench.run(load)
  await remove(load.bootstrap, load.topic)
  return measured
}

// Written by librdkafka, for all to read.
async function filled(bench: Bench, section: Section, bootstrap: string): Promise<string> {
  const topic = `filled-${section.recordBytes}`
  const load = loadOf(bench.settings, section, bootstrap)
  await createTopics(bootstrap, [topic], partitions)
  await bench.run({ ...load, kind: 'fill', client: 'librdkafka', shape: 'single', outstanding: outstandingMost, topic })
  return topic
}

async function remove(bootstrap: string, topic: string): Promise<void> {
  await withAdmin(bootstrap, (admin) => admin.deleteTopics({ topics: [topic] }))
}
