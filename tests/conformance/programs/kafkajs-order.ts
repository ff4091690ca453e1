// node kafkajs-order.ts localhost:9092
// An idempotent producer sends 0, 1, 2 ... 999 to one partition, 20 at a time, and its connections are reset every 100 ms.
// Expected: "1000 there, 0 twice, 0 out of order, 0 sends failed". kafkajs 2.2.4 loses some whose send succeeded, and doubles others.
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { cutConnections } from '../cut-connections.ts'
import { describeOrder } from '../describe-order.ts'

const kafka = new kafkajs.Kafka({ brokers: [process.argv[2] ?? 'localhost:9092'], logLevel: kafkajs.logLevel.NOTHING })
const topic = `order-${process.pid}`
await kafka.admin().createTopics({ topics: [{ topic, numPartitions: 1 }] })

const end = cutConnections(100)
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
await producer.connect()
const outstanding = new Set<Promise<unknown>>()
let failed = 0
for (let i = 0; i < 1_000; i += 1) {
  const one: Promise<unknown> = producer
    .send({ topic, acks: -1, messages: [{ value: String(i) }] })
    .catch(() => (failed += 1))
    .finally(() => outstanding.delete(one))
  outstanding.add(one)
  await (outstanding.size < 20 ? sleep(1) : Promise.race(outstanding))
}
await Promise.all(outstanding)
end()

const values: number[] = []
const consumer = kafka.consumer({ groupId: topic })
await consumer.connect()
await consumer.subscribe({ topics: [topic], fromBeginning: true })
await consumer.run({
  // oxlint-disable-next-line typescript/require-await -- it wants a promise
  eachMessage: async ({ message }) => void values.push(Number(message.value)),
})
await sleep(5_000)
console.log(`${describeOrder(values)}, ${failed} sends failed`)
process.exit()
