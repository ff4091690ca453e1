// node platformatic-marker-beyond.ts localhost:9092
// A transaction is aborted, and the fetch that brings its records ends before its marker. Expected: "end".
// @platformatic/kafka 2.12.1 prints the aborted records too: without the marker it doesn't know where they end.
import { Admin, Consumer, Producer } from '@platformatic/kafka'

const connection = { clientId: 'marker-beyond', bootstrapBrokers: [process.argv[2] ?? 'localhost:9092'] }
const topic = `marker-beyond-${process.pid}`
const admin = new Admin(connection)
await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 })

const producer = new Producer({ ...connection, idempotent: true, transactionalId: topic })
const transaction = await producer.beginTransaction()
for (const name of ['aborted 1', 'aborted 2']) {
  await transaction.send({ messages: [{ topic, value: Buffer.from(name.padEnd(5_000)) }] })
}
await transaction.abort()
const plain = new Producer(connection)
await plain.send({ messages: [{ topic, value: Buffer.from('end') }] })

const consumer = new Consumer({ ...connection, groupId: topic })
// A fetch brings one batch.
const stream = await consumer.consume({ topics: [topic], mode: 'earliest', isolationLevel: 1, maxBytes: 1_000 })
for await (const { value } of stream) {
  console.log(value.toString().trim())
  if (value.toString() === 'end') break
}
process.exit()
