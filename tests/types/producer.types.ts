// Compiled by `npm run check`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
import { Producer, serde, type StandardSchema } from '@millrace/client'

interface Order {
  readonly id: number
}
declare const orderSchema: StandardSchema<{ id: number; note?: string }, { id: number; note: string }>
const bootstrapServers = 'localhost:9092'

export async function nothingIsSaidOfTopics(producer: Producer): Promise<void> {
  const { offset } = await producer.send({ topic: 'any', key: 1, value: 'v', headers: { a: 'b' } })
  const many = await producer.send([
    { topic: 'any', value: new Uint8Array(3) },
    { topic: 'other', value: null },
  ])
  const offsets: number[] = [offset, ...many.map((each) => each.offset)]
  offsets.pop()
  // @ts-expect-error an object needs a serializer
  await producer.send({ topic: 'any', value: { id: 1 } })
  // @ts-expect-error a record has a topic
  await producer.send({ value: 'v' })
  // @ts-expect-error of one record comes one result
  const wrong: unknown[] = await producer.send({ topic: 'any', value: 'v' })
  wrong.pop()
}

export async function typesComeFromSerializers(): Promise<void> {
  await using producer = new Producer({
    bootstrapServers,
    serializers: {
      orders: { key: serde.string, value: serde.json<Order>() },
      counts: { key: serde.int32, value: serde.int64 },
      checked: { value: orderSchema },
    },
  })
  await producer.send({ topic: 'orders', key: 'k', value: { id: 1 } })
  await producer.send([
    { topic: 'counts', key: 1, value: 2n },
    { topic: 'orders', value: null },
  ])
  // A schema's input is what is sent; a key without a serializer is text, a number or bytes.
  await producer.send({ topic: 'checked', key: 7, value: { id: 1 } })
  // @ts-expect-error orders have another value
  await producer.send({ topic: 'orders', key: 'k', value: { name: 'x' } })
  // @ts-expect-error orders have text as keys
  await producer.send({ topic: 'orders', key: 1, value: { id: 1 } })
  // @ts-expect-error counts have bigints
  await producer.send({ topic: 'counts', key: 1, value: 2 })
  // @ts-expect-error the schema wants an id
  await producer.send({ topic: 'checked', value: { note: 'x' } })
  // @ts-expect-error a topic's name that was mistyped
  await producer.send({ topic: 'oders', key: 'k', value: { id: 1 } })
}

export async function typesWrittenOut(): Promise<void> {
  await using producer = new Producer<{ orders: { key: string; value: Order }; texts: { value: string } }>({
    bootstrapServers,
    serializers: { orders: { value: serde.json<Order>() } },
  })
  await producer.send({ topic: 'orders', key: 'k', value: { id: 1 } })
  await producer.send({ topic: 'texts', key: 'k', value: 'v' })
  // @ts-expect-error texts are text
  await producer.send({ topic: 'texts', value: 1 })
  // @ts-expect-error values that are objects need a serializer
  const noSerializers = new Producer<{ orders: { value: Order } }>({ bootstrapServers })
  const noneOfThatTopic = new Producer<{ orders: { value: Order } }>({
    bootstrapServers,
    // @ts-expect-error values that are objects need a serializer
    serializers: { orders: {} },
  })
  const another = new Producer<{ texts: { value: string } }>({
    bootstrapServers,
    // @ts-expect-error a serializer of something else
    serializers: { texts: { value: serde.int32 } },
  })
  await Promise.all([noSerializers.close(), noneOfThatTopic.close(), another.close()])
  const plain = new Producer<{ texts: { key: number; value: string } }>({ bootstrapServers })
  await plain.close()
}

export async function oneSerializerForAll(): Promise<void> {
  await using producer = new Producer({ bootstrapServers, serializers: { '*': { value: serde.json<Order>() } } })
  await producer.send({ topic: 'whatever', value: { id: 1 } })
  // @ts-expect-error every topic has orders
  await producer.send({ topic: 'whatever', value: 'text' })
}
