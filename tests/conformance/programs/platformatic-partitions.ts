// node platformatic-partitions.ts localhost:9092
// Where keys go of 7 partitions. Expected, as the Java client does it: a → 5, b → 6, c → 0, d → 1.
// @platformatic/kafka 2.12.1 does so only with `partitioner: compatibilityPartitioner`.
import { Admin, Producer } from '@platformatic/kafka'

const connection = { clientId: 'partitions', bootstrapBrokers: [process.argv[2] ?? 'localhost:9092'] }
const topic = `partitions-${process.pid}`
const admin = new Admin(connection)
await admin.createTopics({ topics: [topic], partitions: 7, replicas: 1 })

const producer = new Producer(connection)
for (const key of ['a', 'b', 'c', 'd']) {
  const { offsets } = await producer.send({ messages: [{ topic, key: Buffer.from(key), value: Buffer.from('v') }] })
  console.log(key, '→', offsets?.[0]?.partition)
}
process.exit()
