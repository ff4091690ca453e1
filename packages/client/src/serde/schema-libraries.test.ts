// What users bring: each library's own schemas, as they come, through a producer and a consumer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsumerWorld } from '@millrace/testkit/consumer-world'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { DeserializationError } from '../consumer/consumer-errors.ts'
import { Consumer } from '../consumer/consumer.ts'
import { Producer } from '../producer/producer.ts'
import { SerializationError } from './serialization-error.ts'
import type { StandardSchema } from './standard-schema.ts'

interface OrderInput {
  id: number
  note?: string | undefined
}
interface Order {
  id: number
  note: string
}
interface Library {
  readonly name: string
  readonly key: StandardSchema<string, string>
  readonly value: StandardSchema<OrderInput, Order>
  /** What it says of an id that is text. */
  readonly complaint: RegExp
}

const libraries: readonly Library[] = [
  {
    name: 'zod',
    key: z.string().min(2),
    value: z.object({ id: z.int(), note: z.string().default('none') }),
    complaint: /id: Invalid input: expected number, received string/,
  },
  {
    name: 'valibot',
    key: v.pipe(v.string(), v.minLength(2)),
    value: v.object({ id: v.number(), note: v.optional(v.string(), 'none') }),
    complaint: /id: Invalid type: Expected number but received "one"/,
  },
  {
    name: 'arktype',
    key: type('string >= 2'),
    value: type({ id: 'number', note: "string = 'none'" }),
    complaint: /id: id must be a number \(was a string\)/,
  },
]

for (const { name, key, value, complaint } of libraries) {
  test(`${name}'s schemas check keys and values, and make what is read`, async (t) => {
    const { broker, topic, producer: unchecked } = await ConsumerWorld.start(t)
    const where = { bootstrapServers: broker.bootstrapServers }
    await using producer = new Producer({ ...where, serializers: { [topic]: { key, value } } })
    await producer.send({ topic, key: 'k1', value: { id: 1 } })
    await producer.send({ topic, key: 'k2', value: { id: 2, note: 'two' } })

    const refused = async (record: { key: string; value: unknown }, message: RegExp): Promise<void> => {
      const sent = producer.send({ topic, ...record } as { topic: typeof topic; key: string; value: OrderInput })
      await assert.rejects(sent, (error) => error instanceof SerializationError && message.test(error.message))
    }
    await refused(
      { key: 'k3', value: { id: 'one' } },
      new RegExp(`the value of a record of ${topic}: .*${complaint.source}`),
    )
    await refused({ key: 'k', value: { id: 3 } }, new RegExp(`the key of a record of ${topic}: `))

    await using consumer = new Consumer({
      ...where,
      topics: topic,
      start: 'earliest',
      deserializers: { [topic]: { key, value } },
    })
    const records = consumer[Symbol.asyncIterator]()
    const read: unknown[] = []
    for (let i = 0; i < 2; i += 1) {
      const record = (await records.next()).value
      read.push([record?.key, record?.value])
    }
    assert.deepEqual(read, [
      ['k1', { id: 1, note: 'none' }],
      ['k2', { id: 2, note: 'two' }],
    ])

    await unchecked.send({ topic, key: '"k4"', value: '{"id":"one"}' })
    await assert.rejects(records.next(), (error) => {
      assert.ok(error instanceof DeserializationError)
      assert.match(error.message, new RegExp(`the value of a record of ${topic}-0, offset 2: .*${complaint.source}`))
      assert.deepEqual([error.partition, error.offset, String(error.record.value)], [0, 2, '{"id":"one"}'])
      return true
    })
  })
}
