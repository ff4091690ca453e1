// node platformatic-two-aborted.ts localhost:9092
// Two transactions of one producer are aborted, and one fetch brings both. Expected: "end". @platformatic/kafka 2.12.1
// prints "aborted 1" too: it keeps one range of offsets for each producer, the last one.
import { Admin, Consumer, Producer } from '@platformatic/kafka'

const connection = { clientId: 'two-aborted', bootstrapBrokers: [process.argv[2] ?? 'localhost:9092'] }
const topic = `two-aborted-${process.pid}`
const admin = new Admin(connection)
await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 })

const producer = new Producer({ ...connection, idempotent: true, transactionalId: topic })
for (const value of ['aborted 1', 'aborted 2']) {
  const transaction = await producer.beginTransaction()
  await transaction.send({ messages: [{ topic, value: Buffer.from(value) }] })
  await transaction.abort()
}
const plain = new Producer(connection)
await plain.send({ messages: [{ topic, value: Buffer.from('end') }] })

const consumer = new Consumer({ ...connection, groupId: topic })
const stream = await consumer.consume({ topics: [topic], mode: 'earliest', isolationLevel: 1 })
for await (const { value } of stream) {
  console.log(value.toString())
  if (value.toString() === 'end') break
}
process.exit()
