// node platformatic-memory.ts localhost:9092
// 300 records of 1 MB, and a reader that takes one and waits. Expected: less than 180 MiB, which is Node and 100 MiB of
// records. @platformatic/kafka 2.12.1 buffers up to 1,024 records whatever their size (`highWaterMark`): more than 500.
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, Producer } from '@platformatic/kafka'

const connection = { clientId: 'memory', bootstrapBrokers: [process.argv[2] ?? 'localhost:9092'] }
const topic = `memory-${process.pid}`

const producer = new Producer({ ...connection, autocreateTopics: true })
const value = Buffer.alloc(1_000_000, 'x')
for (let i = 0; i < 300; i += 1) await producer.send({ messages: [{ topic, value }] })
const consumer = new Consumer({ ...connection, groupId: topic })
const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
await stream[Symbol.asyncIterator]().next()
await sleep(5_000)
console.log(Math.round(process.memoryUsage().rss / 1024 / 1024), 'MiB')
process.exit()
