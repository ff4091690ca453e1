// Begins a program of a page in the world that the pages take for granted: node snippet-world.ts BOOTSTRAP MODULE SIDE.
// Exits with 0 when the program has ended, or has handled or shown something; with 1 when it fails.
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import * as client from '@millrace/client'
import kafkajs from 'kafkajs'
import { z } from 'zod'

const [bootstrapServers = '', module = '', side] = process.argv.slice(2)
const topics = ['orders', 'audit', 'returns']

const { promise: shown, resolve: show } = Promise.withResolvers<void>()
const handled = async (): Promise<void> => show()
console.log = () => show()

const kafka = new kafkajs.Kafka({ brokers: [bootstrapServers], logLevel: kafkajs.logLevel.NOTHING })

async function ours(): Promise<object> {
  const options = { bootstrapServers, groupId: `of ${module}`, topics: 'orders', autoOffsetReset: 'earliest' } as const
  return {
    producer: new client.Producer({ bootstrapServers }),
    consumer: new client.Consumer(options),
  }
}

async function theirs(): Promise<object> {
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: `of ${module}` })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topics: ['orders'], fromBeginning: true })
  return { producer, consumer }
}

Object.assign(globalThis, {
  ...client,
  ...(side === 'kafkajs' ? await theirs() : await ours()),
  CompressionTypes: kafkajs.CompressionTypes,
  Kafka: kafkajs.Kafka,
  KafkaJSProtocolError: kafkajs.KafkaJSProtocolError,
  kafka,
  z,
  bootstrapServers,
  cluster: { bootstrapServers: [bootstrapServers] },
  manyRecords: [{ topic: 'orders', value: 'v' }],
  admin: new client.Admin({ bootstrapServers }),
  handle: handled,
  store: handled,
  flush: async () => undefined,
  warmUp: async () => undefined,
  forget: () => undefined,
})

/** Something to read, whenever the program begins to. */
async function write(): Promise<never> {
  const producer = new client.Producer({ bootstrapServers })
  for (;;) {
    await producer.send(topics.map((topic) => ({ topic, key: '42', value: '{"id":42,"lamps":2}', partition: 0 })))
    await sleep(50)
  }
}

process.on('unhandledRejection', (error) => fail(error))

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}

try {
  await Promise.race([import(pathToFileURL(module).href), shown, write()])
  process.exit(0)
} catch (error) {
  fail(error)
}
