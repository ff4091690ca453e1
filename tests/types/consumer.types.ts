// Compiled by `npm run check`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
import { Consumer, serde, type ConsumerRecord, type StandardSchema } from '@millrace/client'

interface Order {
  readonly id: number
}
declare const orderSchema: StandardSchema<{ id: number; note?: string }, { id: number; note: string }>
const bootstrapServers = 'localhost:9092'

export async function nothingIsSaidOfTopics(consumer: Consumer): Promise<void> {
  for await (const record of consumer) {
    const plain: ConsumerRecord = record
    const value: Buffer | null = record.value
    await consumer.commit(record)
    await consumer.seek(record, 'earliest')
    // @ts-expect-error a value may be null
    record.value.toString()
    // @ts-expect-error records can't be changed
    record.offset = 1
    plain.headers.map(([name]) => name.length + (value?.length ?? 0))
  }
  await consumer.run({
    eachBatch: async ({ records, signal }) => {
      signal.throwIfAborted()
      await consumer.commit(records)
    },
  })
  // @ts-expect-error a batch has records
  await consumer.run({ eachBatch: ({ messages }) => messages })
  // @ts-expect-error there is no such place
  await consumer.seek({ topic: 't', partition: 0 }, 'middle')
}

export async function typesComeFromDeserializers(): Promise<void> {
  await using consumer = new Consumer({
    bootstrapServers,
    topics: ['orders', 'checked'],
    deserializers: { orders: { key: serde.string, value: serde.json<Order>() }, checked: { value: orderSchema } },
  })
  for await (const record of consumer) {
    if (record.topic === 'orders') {
      const key: string | null = record.key
      const id: number | undefined = record.value?.id
      // @ts-expect-error orders have no note
      const note: unknown = record.value?.note
      ;[key, id, note].pop()
    } else {
      const key: Buffer | null = record.key
      const note: string | undefined = record.value?.note
      ;[key, note].pop()
    }
  }
}

export async function typesWrittenOut(): Promise<void> {
  const consumer = new Consumer<{ orders: { value: Order } }>({
    bootstrapServers,
    topics: 'orders',
    deserializers: { orders: { value: serde.json<Order>() } },
  })
  // @ts-expect-error values that are no Buffers need a deserializer
  const none = new Consumer<{ orders: { value: Order } }>({ bootstrapServers, topics: 'orders' })
  const another = new Consumer<{ orders: { value: Order } }>({
    bootstrapServers,
    topics: 'orders',
    // @ts-expect-error a deserializer of something else
    deserializers: { orders: { value: serde.int32 } },
  })
  await Promise.all([consumer.close(), none.close(), another.close()])
}

export function optionsThatAreNone(): Consumer[] {
  return [
    // @ts-expect-error an assignor that isn't there
    new Consumer({ bootstrapServers, topics: 't', groupId: 'g', partitionAssignmentStrategy: ['fair'] }),
    // @ts-expect-error no such policy
    new Consumer({ bootstrapServers, topics: 't', autoOffsetReset: 'newest' }),
    new Consumer({ bootstrapServers, topics: /^t/, autoOffsetReset: 'by_duration:PT1H' }),
    // @ts-expect-error what is a setting of Kafka's is a setting here under its name in camelCase, and no other
    new Consumer({ bootstrapServers, topics: 't', groupId: 'g', 'session.timeout.ms': 10_000 }),
    // @ts-expect-error times are numbers of milliseconds
    new Consumer({ bootstrapServers, topics: 't', groupId: 'g', sessionTimeoutMs: '10s' }),
    // @ts-expect-error an assigned partition is a topic and a number
    new Consumer({ bootstrapServers, assignment: [{ topic: 't', partition: '0' }] }),
    // @ts-expect-error a record is left out, or the loop stops before it
    new Consumer({ bootstrapServers, topics: 't', onDeserializationError: () => 'retry' }),
    new Consumer({ bootstrapServers, assignment: [{ topic: 't', partition: 0, start: { timestamp: 0 } }] }),
  ]
}

export async function whatIsNoCall(consumer: Consumer): Promise<void> {
  // @ts-expect-error an offset alone says nothing
  await consumer.commit(42)
  // @ts-expect-error offsets are numbers
  await consumer.commitOffsets([{ topic: 't', partition: 0, offset: '42' }])
  // @ts-expect-error a run has a function for its batches
  await consumer.run({ partitionsConcurrently: 3 })
  // @ts-expect-error partitions are paused one by one, not by topic
  consumer.pause([{ topic: 't' }])
  // @ts-expect-error where a partition isn't read there is no lag
  const lag: number = consumer.lag({ topic: 't', partition: 0 })
  // @ts-expect-error without a group there is no metadata of it
  const memberId: string = consumer.groupMetadata().memberId
  ;[lag, memberId].pop()
}
