import { Consumer, Producer, type Message, type MessagesStream } from '@platformatic/kafka'
import { Member, uniqueName, type Client, type NewRecord, type ReadRecord } from './client.ts'

const connectionTo = (bootstrap: string): { clientId: string; bootstrapBrokers: string[] } => ({
  clientId: 'interop',
  bootstrapBrokers: [bootstrap],
})

function messageOf(topic: string, { key, value, headers, timestampMs, partition }: NewRecord) {
  return {
    topic,
    headers: new Map((headers ?? []).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
    ...(key === undefined || key === null ? {} : { key: Buffer.from(key) }),
    ...(value === null ? {} : { value: Buffer.from(value) }),
    ...(timestampMs === undefined ? {} : { timestamp: BigInt(timestampMs) }),
    ...(partition === undefined ? {} : { partition }),
  }
}

function recordOf(message: Message): ReadRecord {
  return {
    topic: message.topic,
    partition: message.partition,
    offset: Number(message.offset),
    key: textOf(message.key),
    value: textOf(message.value),
    headers: message.headerEntries.map(([name, value]) => [name.toString(), value.toString()] as const),
    timestampMs: Number(message.timestamp),
  }
}

// Its types say Buffer where null or undefined arrives for a null key or value.
const textOf = (bytes: Buffer | null | undefined): string | null => bytes?.toString() ?? null

type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>

async function pump(stream: Stream, member: Member): Promise<void> {
  for await (const message of stream) member.received(recordOf(message))
}

export const platformatic: Client = {
  name: '@platformatic/kafka',
  skip: false,
  cannotSet: [],

  async produce(bootstrap, topic, records, options = {}) {
    const producer = new Producer({ ...connectionTo(bootstrap), autocreateTopics: true })
    try {
      await producer.send({
        messages: records.map((record) => messageOf(topic, record)),
        acks: -1,
        idempotent: options.idempotent ?? false,
        compression: options.codec ?? 'none',
      })
    } finally {
      await producer.close()
    }
  },

  async consume(bootstrap, topics, count) {
    const consumer = new Consumer({ ...connectionTo(bootstrap), groupId: uniqueName('platformatic-reader') })
    const stream = await consumer.consume({ topics: [...topics], mode: 'earliest', maxWaitTime: 100 })
    const records: ReadRecord[] = []
    for await (const message of stream) {
      records.push(recordOf(message))
      if (records.length === count) break
    }
    await consumer.close(true)
    return records
  },

  async join(bootstrap, { group, topic, instanceId, fetchWaitMs = 100 }) {
    const member = new Member()
    const consumer = new Consumer({
      ...connectionTo(bootstrap),
      groupId: group,
      heartbeatInterval: 500,
      sessionTimeout: 10_000,
      ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
    })
    consumer.on('consumer:group:join', ({ assignments }) => {
      const all = (assignments ?? []).flatMap(({ topic: name, partitions }) => partitions.map((p) => `${name}-${p}`))
      member.hasAll(all)
    })
    consumer.on('consumer:group:rebalance', () => member.loses(member.assigned))
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'committed',
      fallbackMode: 'earliest',
      autocommit: 100,
      maxWaitTime: fetchWaitMs,
    })
    const pumping = pump(stream, member)
    member.leave = async () => {
      await stream.close()
      await pumping
      await consumer.close(true)
    }
    return member
  },
}
