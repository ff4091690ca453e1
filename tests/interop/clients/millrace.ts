import { Consumer, type ConsumerRecord, Producer, type TopicPartition } from '@millrace/client'
import { Member, type Client, type ReadRecord } from './client.ts'

function recordOf({ topic, partition, offset, key, value, headers, timestamp }: ConsumerRecord): ReadRecord {
  return {
    topic,
    partition,
    offset,
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    headers: headers.map(([name, bytes]) => [name, bytes?.toString() ?? '']),
    timestampMs: timestamp,
  }
}

const named = (partitions: readonly TopicPartition[]): string[] =>
  partitions.map(({ topic, partition }) => `${topic}-${partition}`)

async function follow(consumer: Consumer, member: Member): Promise<void> {
  for await (const record of consumer) member.received(recordOf(record))
}

export const millrace: Client = {
  name: '@millrace/client',
  skip: false,
  cannotSet: [],

  async produce(bootstrap, topic, records, options = {}) {
    await using producer = new Producer({
      bootstrapServers: bootstrap,
      compressionType: options.codec ?? 'none',
      enableIdempotence: options.idempotent ?? true,
    })
    const wanted = records.map(({ key, value, headers, timestampMs, partition }) => ({
      topic,
      key,
      value,
      headers,
      timestamp: timestampMs,
      partition,
    }))
    await producer.send(wanted)
  },

  async consume(bootstrap, topics, count) {
    await using consumer = new Consumer({ bootstrapServers: bootstrap, topics, autoOffsetReset: 'earliest' })
    const records: ReadRecord[] = []
    for await (const record of consumer) {
      records.push(recordOf(record))
      if (records.length === count) break
    }
    return records
  },

  // oxlint-disable-next-line typescript/require-await -- the interface is asynchronous
  async join(bootstrap, { group, topic, instanceId, cooperative, rack }) {
    const member = new Member()
    const consumer = new Consumer({
      bootstrapServers: bootstrap,
      groupId: group,
      ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
      ...(rack === undefined ? {} : { clientRack: rack }),
      topics: topic,
      autoOffsetReset: 'earliest',
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 500,
      partitionAssignmentStrategy: [cooperative === true ? 'cooperative-sticky' : 'range'],
      onAssigned: (partitions) => member.gets(named(partitions)),
      onRevoked: (partitions) => member.loses(named(partitions)),
      onLost: (partitions) => member.loses(named(partitions)),
    })
    const following = follow(consumer, member)
    member.leave = async () => {
      await consumer.close()
      await following
    }
    return member
  },
}
