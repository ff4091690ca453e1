import kafkajs from 'kafkajs'
import type { Load, LoadClient, LoadProducer } from './load.ts'

const { CompressionTypes, Kafka, logLevel } = kafkajs
process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'

const kafkaOf = (load: Load) => new Kafka({ brokers: [load.bootstrap], logLevel: logLevel.ERROR })

// It has neither linger nor batches across calls: each call is a request to each leader.
export const client: LoadClient = {
  async producer(load): Promise<LoadProducer<{ key: Buffer; value: Buffer }>> {
    const producer = kafkaOf(load).producer()
    await producer.connect()
    const { topic } = load
    const compression = load.compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None
    return {
      message: (record) => record,
      send(messages, answered, failed) {
        producer.send({ topic, messages, acks: -1, compression }).then(() => answered(messages.length), failed)
      },
      close: () => producer.disconnect(),
    }
  },

  async consume(load, seen) {
    const consumer = kafkaOf(load).consumer({
      groupId: load.topic + process.pid,
      minBytes: 1,
      maxWaitTimeInMs: 500,
      maxBytes: 52_428_800,
      maxBytesPerPartition: 1_048_576,
      readUncommitted: true,
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [load.topic], fromBeginning: true })
    await consumer.run({
      autoCommitInterval: 5000,
      // oxlint-disable-next-line typescript/require-await -- it wants a promise
      eachBatch: async ({ batch }) => {
        for (const { key, value } of batch.messages) seen(1, (key?.length ?? 0) + (value?.length ?? 0))
      },
    })
    return () => consumer.disconnect()
  },
}
