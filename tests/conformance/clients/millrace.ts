import { Consumer, Producer } from '@millrace/client'
import type { TestedClient } from './client.ts'

export const millrace: TestedClient = {
  name: '@millrace/client',

  async read({ bootstrap, topic, fetchBytes, committedOnly, seen, signal }) {
    await using consumer = new Consumer({
      bootstrapServers: bootstrap,
      topics: [topic],
      autoOffsetReset: 'earliest',
      start: 'earliest',
      maxPartitionFetchBytes: fetchBytes,
      isolationLevel: committedOnly ? 'read_committed' : 'read_uncommitted',
      signal,
    })
    for await (const { value, partition } of consumer) {
      if (seen(value?.toString() ?? '', partition) === 'enough') break
    }
  },

  // oxlint-disable-next-line typescript/require-await -- the others connect here
  async producer(bootstrap, idempotent) {
    const producer = new Producer({ bootstrapServers: bootstrap, enableIdempotence: idempotent })
    return {
      send: (topic, key, value) => producer.send({ topic, key, value }),
      close: () => producer.close(),
    }
  },

  async readSlowly(bootstrap, topic, first) {
    const consumer = new Consumer({ bootstrapServers: bootstrap, topics: [topic], start: 'earliest' })
    const { value } = await consumer[Symbol.asyncIterator]().next()
    if (value !== undefined) first()
    await new Promise(() => {})
  },
}
