// node platformatic-order.ts localhost:9092
// An idempotent producer sends 0, 1, 2 ... 999 to one partition, 20 at a time, and its connections are reset every 100 ms for 5 s.
// Expected: all there, none lost, twice, out of order, failed or without an answer. @platformatic/kafka 2.12.1 has some out of
// order, and sends that are never answered though nothing is reset any more. Takes half a minute.
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, Consumer, Producer } from '@platformatic/kafka'
import { cutConnections } from '../cut-connections.ts'
import { describeOrder } from '../describe-order.ts'

const connection = { clientId: 'order', bootstrapBrokers: [process.argv[2] ?? 'localhost:9092'] }
const topic = `order-${process.pid}`
await new Admin(connection).createTopics({ topics: [topic], partitions: 1, replicas: 1 })

setTimeout(cutConnections(100), 5_000)
const producer = new Producer({ ...connection, idempotent: true, acks: -1 })
const outstanding = new Set<Promise<unknown>>()
const acknowledged = new Set<number>()
const patienceMs = 30_000
const late = sleep(patienceMs)
const lateMs = performance.now() + patienceMs
let failed = 0
for (let i = 0; i < 1_000 && performance.now() < lateMs; i += 1) {
  const one: Promise<unknown> = producer
    .send({ messages: [{ topic, value: Buffer.from(String(i)) }] })
    .then(
      () => acknowledged.add(i),
      () => (failed += 1),
    )
    .finally(() => outstanding.delete(one))
  outstanding.add(one)
  await (outstanding.size < 20 ? sleep(1) : Promise.race([...outstanding, late]))
}
await Promise.race([Promise.all(outstanding), late])

const stream = await new Consumer({ ...connection, groupId: topic }).consume({ topics: [topic], mode: 'earliest' })
const values: number[] = []
setInterval(() => {
  console.log(
    `${describeOrder(values, acknowledged)}, ${failed} sends failed, ${outstanding.size} not answered in half a minute`,
  )
  process.exit()
}, 3_000)
for await (const { value } of stream) values.push(Number(value))
