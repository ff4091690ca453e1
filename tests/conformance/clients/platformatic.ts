import { Consumer, Producer } from '@platformatic/kafka'
import { uniqueName } from '../../interop/clients/client.ts'
import type { TestedClient } from './client.ts'

const connectionTo = (bootstrap: string) => ({ clientId: 'conformance', bootstrapBrokers: [bootstrap] })

export const platformatic: TestedClient = {
  name: '@platformatic/kafka',

  async read({ bootstrap, topic, fetchBytes, committedOnly, seen, signal }) {
    const consumer = new Consumer({ ...connectionTo(bootstrap), groupId: uniqueName('conformance') })
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'earliest',
      maxWaitTime: 100,
      maxBytes: fetchBytes,
      isolationLevel: committedOnly ? 1 : 0,
    })
    signal.addEventListener('abort', () => stream.destroy(), { once: true })
    try {
      for await (const { value, partition } of stream) {
        if (seen(value.toString(), partition) === 'enough') break
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      await consumer.close(true)
    }
  },

  // oxlint-disable-next-line typescript/require-await -- the others connect here
  async producer(bootstrap, idempotent) {
    const producer = new Producer({ ...connectionTo(bootstrap), idempotent, acks: -1 })
    return {
      send: (topic, key, value) => producer.send({ messages: [{ topic, value, ...(key === null ? {} : { key }) }] }),
      close: () => producer.close(),
    }
  },

  async readSlowly(bootstrap, topic, first) {
    const consumer = new Consumer({ ...connectionTo(bootstrap), groupId: uniqueName('conformance') })
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
    const { done } = await stream[Symbol.asyncIterator]().next()
    if (done !== true) first()
    await new Promise(() => {})
  },
}
