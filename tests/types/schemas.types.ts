// Compiled by `npm run check`, never run: what schemas of zod, valibot and arktype make of the types of records.
import { Consumer, Producer } from '@millrace/client'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'

const bootstrapServers = 'localhost:9092'
const schemas = {
  zod: { key: z.string(), value: z.object({ id: z.int(), note: z.string().default('none') }) },
  valibot: { key: v.string(), value: v.object({ id: v.number(), note: v.optional(v.string(), 'none') }) },
  arktype: { key: type('string'), value: type({ id: 'number', note: "string = 'none'" }) },
}

export async function whatIsReadIsAsTheSchemaMakesIt(): Promise<void> {
  const topics = ['zod', 'valibot', 'arktype']
  await using consumer = new Consumer({ bootstrapServers, topics, deserializers: schemas })
  for await (const record of consumer) {
    const key: string | null = record.key
    const id: number | undefined = record.value?.id
    const note: string | undefined = record.value?.note
    // @ts-expect-error a note is text
    const counted: number | undefined = record.value?.note
    // @ts-expect-error no schema has it
    const price: unknown = record.value?.price
    ;[key, id, note, counted, price].pop()
  }
}

export async function whatIsSentIsWhatTheSchemaTakes(): Promise<void> {
  await using producer = new Producer({ bootstrapServers, serializers: schemas })
  await producer.send({ topic: 'zod', key: 'k', value: { id: 1 } })
  await producer.send({ topic: 'valibot', key: 'k', value: { id: 1, note: 'n' } })
  await producer.send({ topic: 'arktype', key: 'k', value: { id: 1 } })
  // @ts-expect-error zod: an id is a number
  await producer.send({ topic: 'zod', key: 'k', value: { id: 'one' } })
  // @ts-expect-error valibot: an id is needed
  await producer.send({ topic: 'valibot', key: 'k', value: { note: 'n' } })
  // @ts-expect-error arktype: a note is text
  await producer.send({ topic: 'arktype', key: 'k', value: { id: 1, note: 2 } })
  // @ts-expect-error a key is text
  await producer.send({ topic: 'zod', key: 7, value: { id: 1 } })
}
