// Apache Kafka's performance tools, each run in a JVM of its own as a user runs them, and what they print.
import { join } from 'node:path'
import { apacheKafka } from '../../tests/interop/peers/apache-kafka.ts'
import { run } from '../../tests/interop/process.ts'

const timeoutMs = 10 * 60_000

async function java(program: readonly string[], args: readonly string[]): Promise<string> {
  const { classPath } = await apacheKafka.get()
  return run('java', ['-Xmx512M', '-cp', classPath, ...program, ...args], { timeoutMs })
}

const tool = (name: string, args: readonly string[]): Promise<string> => java([`org.apache.kafka.tools.${name}`], args)

export interface Load {
  readonly bootstrap: string
  readonly topic: string
  readonly records: number
  readonly recordBytes: number
  readonly properties?: readonly string[]
}

export interface Produced {
  readonly recordsPerSecond: number
  readonly mibPerSecond: number
}

// The last line: "500000 records sent, 81766.1 records/sec (79.85 MB/sec), 368.43 ms avg latency, ..."
export async function produce(load: Load): Promise<Produced> {
  const size = ['--num-records', String(load.records), '--record-size', String(load.recordBytes), '--throughput', '-1']
  const properties = [`bootstrap.servers=${load.bootstrap}`, 'acks=all', ...(load.properties ?? [])]
  const output = await tool('ProducerPerformance', [
    '--topic',
    load.topic,
    ...size,
    '--command-property',
    ...properties,
  ])
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  const found = /([\d.]+) records\/sec \(([\d.]+) MB\/sec\)/.exec(last)
  if (found === null) throw new Error(`ProducerPerformance ended with: ${last}`)
  return { recordsPerSecond: Number(found[1]), mibPerSecond: Number(found[2]) }
}

// Its time without the start of the group, which it gives as a column of its own.
export async function consume(load: Load): Promise<number> {
  const what = ['--topic', load.topic, '--num-records', String(load.records), '--hide-header', '--timeout', '60000']
  const output = await tool('ConsumerPerformance', ['--bootstrap-server', load.bootstrap, ...what])
  const columns = output.trimEnd().split('\n').at(-1)?.split(', ') ?? []
  const [, , , , records, , , , fetchMibPerSecond] = columns.map(Number)
  if (records === undefined || records < load.records || fetchMibPerSecond === undefined) {
    throw new Error(`ConsumerPerformance ended with: ${output}`)
  }
  return fetchMibPerSecond
}

// Average in ms; its percentiles are whole ms, too coarse to compare.
export async function endToEndAverageMs(load: Load): Promise<number> {
  const what = [
    '--num-records',
    String(load.records),
    '--record-size',
    String(load.recordBytes),
    '--producer-acks',
    'all',
  ]
  const output = await tool('EndToEndLatency', ['--bootstrap-server', load.bootstrap, '--topic', load.topic, ...what])
  const average = /Avg latency: ([\d.]+) ms/.exec(output)?.[1]
  if (average === undefined) throw new Error(`EndToEndLatency ended with: ${output}`)
  return Number(average)
}

const probe = join(import.meta.dirname, 'EndToEndPercentiles.java')

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

export async function endToEnd(load: Load): Promise<Latency> {
  const output = await java([probe], [load.bootstrap, load.topic, String(load.records), String(load.recordBytes)])
  const [p50Ms, p99Ms] = output.trim().split(' ').map(Number)
  if (p50Ms === undefined || p99Ms === undefined) throw new Error(`EndToEndPercentiles ended with: ${output}`)
  return { p50Ms, p99Ms }
}
