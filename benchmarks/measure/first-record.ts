// How long until a producer that started together with the broker has its first record acknowledged.
import kafkajs from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'

const retryMs = 5
const deadlineMs = 120_000

export async function produceFirstRecord(bootstrap: string): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } })
  const startMs = performance.now()
  for (;;) {
    const producer = kafka.producer()
    try {
      await producer.connect()
      await producer.send({ topic: 'first', messages: [{ value: 'record' }], acks: -1 })
      return
    } catch (error) {
      // Nobody listens yet, or the topic has no leader yet.
      if (performance.now() - startMs > deadlineMs) throw error
      await sleep(retryMs)
    } finally {
      await producer.disconnect()
    }
  }
}
