// What a client does when the broker fails it, tried on the real broker:
//   node -C millrace-source examples/faults.ts
import { KafkaError, startBroker } from '@millrace/broker'
import { Consumer, Producer } from '@millrace/client'

await using broker = await startBroker()
const { bootstrapServers } = broker
await using producer = new Producer({ bootstrapServers })

// The next produce is refused, as by a broker that just lost its leadership.
const stopRefusing = broker.intercept('Produce', () => {
  stopRefusing()
  throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
})
await producer.send({ topic: 'payments', value: 'ten' })
console.log('refused once, written at the second try')

// The one after that is written, but its answer gets lost with the connection.
const stopCutting = broker.intercept('Produce', async (request, next) => {
  stopCutting()
  await next()
  return request.disconnect()
})
await producer.send({ topic: 'payments', value: 'twenty' })
console.log('its answer was lost, and it was sent again')

broker.dropConnections()
await using consumer = new Consumer({ bootstrapServers, topics: ['payments'], start: 'earliest', stopAtEnd: true })
const values: string[] = []
for await (const record of consumer) values.push(String(record.value))
console.log(`in the topic, once each: ${values.join(', ')}`)
