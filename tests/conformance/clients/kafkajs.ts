import kafkajsModule from 'kafkajs'
import { uniqueName } from '../../interop/clients/client.ts'
import { kafkaOf } from '../../interop/clients/kafkajs.ts'
import { stopped, type TestedClient } from './client.ts'

const { KafkaJSNumberOfRetriesExceeded } = kafkajsModule

export const kafkajs: TestedClient = {
  name: 'kafkajs',

  async read({ bootstrap, topic, fetchBytes, committedOnly, seen, signal }) {
    const consumer = kafkaOf(bootstrap).consumer({
      groupId: uniqueName('conformance'),
      maxBytesPerPartition: fetchBytes,
      maxWaitTimeInMs: 100,
      readUncommitted: !committedOnly,
      retry: { retries: 0 },
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({
        // oxlint-disable-next-line typescript/require-await -- it wants a promise
        eachMessage: async ({ message, partition }) => {
          if (seen(message.value?.toString() ?? '', partition) === 'enough') resolve()
        },
      })
      await Promise.race([promise, stopped(signal)])
    } catch (error) {
      throw error instanceof KafkaJSNumberOfRetriesExceeded ? (error.cause ?? error) : error
    } finally {
      await consumer.disconnect()
    }
  },

  // Its documentation: idempotence keeps its promise with one request at a time.
  async producer(bootstrap, idempotent) {
    const producer = kafkaOf(bootstrap).producer(idempotent ? { idempotent, maxInFlightRequests: 1 } : {})
    await producer.connect()
    return {
      send: (topic, key, value) => producer.send({ topic, acks: -1, messages: [{ key, value }] }),
      close: () => producer.disconnect(),
    }
  },

  async readSlowly(bootstrap, topic, first) {
    const consumer = kafkaOf(bootstrap).consumer({ groupId: uniqueName('conformance') })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      eachMessage: () => {
        first()
        return new Promise(() => {})
      },
    })
    await new Promise(() => {})
  },
}
