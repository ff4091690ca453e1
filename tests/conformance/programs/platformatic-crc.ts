// node platformatic-crc.ts localhost:9092 /data/of/the/broker
// A record is damaged in the broker's file. Expected: an error. @platformatic/kafka 2.12.1 prints "Xamaged".
import { Consumer, Producer } from '@platformatic/kafka'
import { damage } from '../damaged-record.ts'

const [bootstrap = 'localhost:9092', dataDir = ''] = process.argv.slice(2)
const connection = { clientId: 'crc', bootstrapBrokers: [bootstrap] }
const topic = `crc-${process.pid}`

const producer = new Producer({ ...connection, autocreateTopics: true })
await producer.send({ messages: [{ topic, value: Buffer.from('damaged') }] })
damage(dataDir, topic)

const consumer = new Consumer({ ...connection, groupId: topic })
const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
for await (const { value } of stream) {
  console.log(value.toString())
  break
}
process.exit()
