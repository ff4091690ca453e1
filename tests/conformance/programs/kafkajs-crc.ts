// node kafkajs-crc.ts localhost:9092 /data/of/the/broker
// A record is damaged in the broker's file. Expected: an error. kafkajs 2.2.4 prints "Xamaged".
import kafkajs from 'kafkajs'
import { damage } from '../damaged-record.ts'

const [bootstrap = 'localhost:9092', dataDir = ''] = process.argv.slice(2)
const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
const topic = `crc-${process.pid}`

const producer = kafka.producer()
await producer.connect()
await producer.send({ topic, messages: [{ value: 'damaged' }] })
damage(dataDir, topic)

const consumer = kafka.consumer({ groupId: topic })
await consumer.connect()
await consumer.subscribe({ topics: [topic], fromBeginning: true })
await consumer.run({
  eachMessage({ message }) {
    console.log(message.value?.toString())
    process.exit()
  },
})
