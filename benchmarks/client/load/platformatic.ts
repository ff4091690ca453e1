import { Consumer, Producer, type Message, type MessageToProduce } from '@platformatic/kafka'
import type { Load, LoadClient, LoadProducer } from './load.ts'

// `send` has neither linger nor batches across calls; the stream has both, and one batch on its way at a time.
export const client: LoadClient = {
  // oxlint-disable-next-line typescript/require-await -- the others connect here
  async producer(load): Promise<LoadProducer<MessageToProduce>> {
    const { topic } = load
    const producer = new Producer({
      clientId: 'bench',
      bootstrapBrokers: [load.bootstrap],
      acks: -1,
      compression: load.compression,
    })
    const message = ({ key, value }: { key: Buffer; value: Buffer }): MessageToProduce => ({ topic, key, value })
    if (load.shape === 'stream') return streamOf(producer, message, load)
    return {
      message,
      send(messages, answered, failed) {
        producer.send({ messages }).then(() => answered(messages.length), failed)
      },
      close: () => producer.close(),
    }
  },

  async consume(load, seen) {
    const consumer = new Consumer({
      clientId: 'bench',
      bootstrapBrokers: [load.bootstrap],
      groupId: load.topic + process.pid,
    })
    const stream = await consumer.consume({
      topics: [load.topic],
      mode: 'earliest',
      autocommit: 5000,
      minBytes: 1,
      maxWaitTime: 500,
      maxBytes: 52_428_800,
      maxBytesPerPartition: 1_048_576,
      isolationLevel: 0,
    })
    const take = ({ key, value }: Message): void => seen(1, key.length + value.length)
    if (load.shape === 'batch') {
      stream.on('data', take)
      return () => consumer.close(true)
    }
    const reading = (async () => {
      for await (const message of stream) take(message)
    })()
    return async () => {
      await consumer.close(true)
      await reading
    }
  },
}

// As many records in a batch as the batch size holds for each of the partitions.
function streamOf(
  producer: Producer,
  message: (record: { key: Buffer; value: Buffer }) => MessageToProduce,
  load: Load,
): LoadProducer<MessageToProduce> {
  const batchSize = Math.floor((load.batchBytes * load.partitions) / load.recordBytes)
  const batchTime = load.lingerMs
  const stream = producer.asStream({ batchSize, batchTime, reportMode: 'batch', highWaterMark: load.outstanding })
  let tell: (count: number) => void = () => undefined
  stream.on('delivery-report', ({ count }: { count: number }) => tell(count))
  return {
    message,
    send([only], answered, failed) {
      if (stream.listenerCount('error') === 0) stream.on('error', failed)
      tell = answered
      stream.write(only)
    },
    async close() {
      await stream.close()
      await producer.close()
    },
  }
}
