import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import kafkajsModule from 'kafkajs'
import { compressFrame, decompressFrame } from 'lz4-napi'
import snappy from 'snappy'
import { Member, uniqueName, type Client, type Codec, type Headers, type ReadRecord } from './client.ts'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajsModule

// kafkajs brings gzip and takes the others as plug-ins: these are what its users install.
const xerialHeader = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])

async function compressXerial(bytes: Buffer): Promise<Buffer> {
  const block = await snappy.compress(bytes)
  const length = Buffer.alloc(4)
  length.writeInt32BE(block.length)
  return Buffer.concat([xerialHeader, length, block])
}

async function decompressSnappy(bytes: Buffer): Promise<Buffer> {
  if (!bytes.subarray(0, 8).equals(xerialHeader.subarray(0, 8))) return toBuffer(await snappy.uncompress(bytes))
  const blocks: Buffer[] = []
  for (let at = 16; at < bytes.length;) {
    const length = bytes.readInt32BE(at)
    blocks.push(toBuffer(await snappy.uncompress(bytes.subarray(at + 4, at + 4 + length))))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

const toBuffer = (bytes: string | Buffer): Buffer => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes)

// kafkajs hands over an encoder, not bytes, when it compresses.
interface Encoder {
  readonly buffer: Buffer
}

const plugins: Record<number, unknown> = CompressionCodecs
plugins[CompressionTypes.Snappy] = () => ({
  compress: (encoder: Encoder) => compressXerial(encoder.buffer),
  decompress: decompressSnappy,
})
plugins[CompressionTypes.LZ4] = () => ({
  compress: (encoder: Encoder) => compressFrame(encoder.buffer),
  decompress: (bytes: Buffer) => decompressFrame(bytes),
})
plugins[CompressionTypes.ZSTD] = () => ({
  compress: (encoder: Encoder) => Promise.resolve(zstdCompressSync(encoder.buffer)),
  decompress: (bytes: Buffer) => Promise.resolve(zstdDecompressSync(bytes)),
})

const compressionTypes: Record<Codec, number> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'
// It sets negative time-outs, of which Node warns once in each test file.
process.removeAllListeners('warning')

export const kafkaOf = (bootstrap: string): InstanceType<typeof Kafka> =>
  new Kafka({ brokers: [bootstrap], clientId: 'interop', logLevel: logLevel.NOTHING })

interface Arrived {
  readonly topic: string
  readonly partition: number
  readonly message: {
    readonly offset: string
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly timestamp: string
    readonly headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>
  }
}

function headersOf(headers: Arrived['message']['headers']): Headers {
  return Object.entries(headers ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one) => [name, one.toString()] as const),
  )
}

function recordOf({ topic, partition, message }: Arrived): ReadRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? null,
    value: message.value?.toString() ?? null,
    headers: headersOf(message.headers),
    timestampMs: Number(message.timestamp),
  }
}

export const kafkajs: Client = {
  name: 'kafkajs',
  skip: false,
  cannotSet: [],

  async produce(bootstrap, topic, records, options = {}) {
    const producer = kafkaOf(bootstrap).producer({
      allowAutoTopicCreation: true,
      ...(options.idempotent === true ? { idempotent: true, maxInFlightRequests: 1 } : {}),
    })
    await producer.connect()
    try {
      const messages = records.map(({ key, value, headers, timestampMs, partition }) => ({
        key: key ?? null,
        value,
        headers: Object.fromEntries(headers ?? []),
        ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
        ...(partition === undefined ? {} : { partition }),
      }))
      await producer.send({ topic, messages, acks: -1, compression: compressionTypes[options.codec ?? 'none'] })
    } finally {
      await producer.disconnect()
    }
  },

  async consume(bootstrap, topics, count) {
    const consumer = kafkaOf(bootstrap).consumer({ groupId: uniqueName('kafkajs-reader') })
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    const records: ReadRecord[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    await consumer.run({
      eachMessage: (arrived) => {
        records.push(recordOf(arrived))
        if (records.length === count) resolve()
        return Promise.resolve()
      },
    })
    await promise
    await consumer.disconnect()
    return records
  },

  async join(bootstrap, { group, topic, fetchWaitMs = 200 }) {
    const member = new Member()
    const consumer = kafkaOf(bootstrap).consumer({
      groupId: group,
      heartbeatInterval: 500,
      sessionTimeout: 10_000,
      maxWaitTimeInMs: fetchWaitMs,
    })
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const assigned = Object.entries(payload.memberAssignment)
      member.hasAll(assigned.flatMap(([name, partitions]) => partitions.map((partition) => `${name}-${partition}`)))
    })
    consumer.on(consumer.events.REBALANCING, () => member.loses(member.assigned))
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachMessage: (arrived) => {
        member.received(recordOf(arrived))
        return Promise.resolve()
      },
    })
    member.leave = () => consumer.disconnect()
    return member
  },
}
