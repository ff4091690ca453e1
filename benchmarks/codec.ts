// `npm run bench:codec`: how many Metadata responses of 1,000 partitions and how many Produce requests of one batch a
// second our codecs write and read, on one core. Writes both to benchmarks/results as JSON and as a table.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import {
  FrameReader,
  decodeRequestHeader,
  encodeRequest,
  metadataResponse,
  produceApi,
  produceRequest,
} from '@millrace/protocol'

const rounds = 5
const roundMs = 400
const batchBytes = 1_090

interface Row {
  readonly what: string
  readonly bytes: number
  readonly perSecond: number
}

/** Times a second that `work` is done: the median of the rounds after one that warms up. */
function rate(work: () => unknown): number {
  oneRound(work)
  const rates = Array.from({ length: rounds }, () => oneRound(work)).toSorted((a, b) => a - b)
  return Math.round(rates[Math.floor(rounds / 2)] ?? 0)
}

function oneRound(work: () => unknown): number {
  const startMs = performance.now()
  let count = 0
  while (performance.now() - startMs < roundMs) {
    for (let i = 0; i < 50; i++) work()
    count += 50
  }
  return (count * 1_000) / (performance.now() - startMs)
}

const partitions = Array.from({ length: 100 }, (_, partitionIndex) => ({
  errorCode: 0,
  partitionIndex,
  leaderId: 1,
  leaderEpoch: 3,
  replicaNodes: [1, 2, 3],
  isrNodes: [1, 2, 3],
  offlineReplicas: [],
}))
const topics = Array.from({ length: 10 }, (_, topic) => ({
  errorCode: 0,
  name: `topic-${topic}`,
  topicId: 'sFVcj7zhd5wrjgBK0dv7Ew',
  isInternal: false,
  partitions,
}))
const brokers = [1, 2, 3].map((nodeId) => ({ nodeId, host: `broker-${nodeId}.example.com`, port: 9092, rack: null }))
const metadata = { brokers, clusterId: 'MkU3OEVBNTcwNTJENDM2Qg', controllerId: 1, topics }

const partitionData = [{ index: 0, records: new Uint8Array(batchBytes) }]
const produce = { acks: -1, timeoutMs: 30_000, topicData: [{ name: 'orders', partitionData }] }
const header = { correlationId: 7, clientId: 'producer-1' }

function metadataRows(version: number): Row[] {
  const bytes = metadataResponse.encode(metadata, version)
  const what = `Metadata response, 1,000 partitions, v${version}`
  return [
    { what: `${what}: encode`, bytes: bytes.length, perSecond: rate(() => metadataResponse.encode(metadata, version)) },
    { what: `${what}: decode`, bytes: bytes.length, perSecond: rate(() => metadataResponse.decode(bytes, version)) },
  ]
}

function produceRows(version: number): Row[] {
  const bytes = produceRequest.encode(produce, version)
  const what = `Produce request, one batch, v${version}`
  const frame = Buffer.concat(encodeRequest(produceApi, version, header, produce))
  const onFrame = (whole: Uint8Array): unknown => produceRequest.decode(decodeRequestHeader(whole).body, version)
  const reader = new FrameReader({ sizeBytesMax: 100 * 1024 * 1024, onFrame })
  return [
    {
      what: `${what}: encode`,
      bytes: bytes.length,
      perSecond: rate(() => produceRequest.encodeChunks(produce, version)),
    },
    { what: `${what}: decode`, bytes: bytes.length, perSecond: rate(() => produceRequest.decode(bytes, version)) },
    { what: `${what}: read from its frame`, bytes: frame.length, perSecond: rate(() => reader.push(frame)) },
  ]
}

const rows = [...metadataRows(13), ...metadataRows(8), ...produceRows(9)]
const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, node: process.version }
const table = rows.map(({ what, bytes, perSecond }) => `| ${what} | ${bytes} | ${perSecond.toLocaleString('en')} |`)
const lines = [
  '# Codecs',
  '',
  `Messages a second on one core, median of ${rounds} rounds (\`npm run bench:codec\`), on ${machine.cpu}, Node ${machine.node}.`,
  '',
  '| | bytes | a second |',
  '| --- | --- | --- |',
  ...table,
  '',
]
const inThisFolder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
mkdirSync(inThisFolder('results'), { recursive: true })
writeFileSync(inThisFolder('results/codec.json'), `${JSON.stringify({ machine, rows }, null, 2)}\n`)
writeFileSync(inThisFolder('results/codec.md'), lines.join('\n'))
console.log(lines.join('\n'))
