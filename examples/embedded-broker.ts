// A Kafka broker in this process, in memory, and a week that goes by in a moment:
//   node -C millrace-source examples/embedded-broker.ts
import { startBroker } from '@millrace/broker'
import { Admin, Producer, valuesOf } from '@millrace/client'

await using broker = await startBroker({ settings: { 'num.partitions': 1 } })
const { bootstrapServers } = broker
console.log(`broker ${broker.brokerId} on ${bootstrapServers}: any Kafka client may come`)

await using producer = new Producer({ bootstrapServers })
const admin = new Admin({ bootstrapServers })
await admin.createTopics([{ name: 'clicks', configs: { 'retention.ms': '86400000', 'segment.ms': '3600000' } }])
await producer.send({ topic: 'clicks', value: 'of last week' })

await broker.clock.advance('7d', { keepSessions: true }) // resolves when retention has happened

await producer.send({ topic: 'clicks', value: 'of today', timestamp: broker.clock.wallMs() })
const listed = valuesOf(await admin.listOffsets([{ topic: 'clicks', partition: 0, at: 'earliest' }]))
console.log(`the first record that is left has offset ${listed.get('clicks-0')?.offset}`)
await admin.close()
