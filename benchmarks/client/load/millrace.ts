import { Consumer, Producer, type ProducerRecord } from '@millrace/client'
import type { LoadClient, LoadProducer } from './load.ts'

// Idempotent, as it is by default, which no peer is here.
export const client: LoadClient = {
  // oxlint-disable-next-line typescript/require-await -- the others connect here
  async producer(load): Promise<LoadProducer<ProducerRecord>> {
    const { topic } = load
    const producer = new Producer({
      bootstrapServers: load.bootstrap,
      lingerMs: load.lingerMs,
      batchSize: load.batchBytes,
      compressionType: load.compression,
    })
    return {
      message: ({ key, value }) => ({ topic, key, value }),
      send(messages, answered, failed) {
        const [only] = messages
        if (load.shape === 'single' && only !== undefined) producer.send(only).then(() => answered(1), failed)
        else producer.send(messages).then(({ length }) => answered(length), failed)
      },
      close: () => producer.close(),
    }
  },

  // oxlint-disable-next-line typescript/require-await -- the others connect here
  async consume(load, seen) {
    const consumer = new Consumer({
      bootstrapServers: load.bootstrap,
      groupId: load.topic + process.pid,
      topics: [load.topic],
      autoOffsetReset: 'earliest',
    })
    const reading = load.shape === 'batch' ? readBatches(consumer, seen) : read(consumer, seen)
    return async () => {
      await consumer.close()
      await reading
    }
  },
}

type Seen = (records: number, bytes: number) => void

async function read(consumer: Consumer, seen: Seen): Promise<void> {
  for await (const { key, value } of consumer) seen(1, (key?.length ?? 0) + (value?.length ?? 0))
}

function readBatches(consumer: Consumer, seen: Seen): Promise<void> {
  return consumer.run({
    eachBatch({ records }) {
      for (const { key, value } of records) seen(1, (key?.length ?? 0) + (value?.length ?? 0))
    },
  })
}
