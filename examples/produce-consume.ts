// Writes three records and reads them back, from the broker on 127.0.0.1:9092 (`npm start`) or the one named:
//   node -C millrace-source examples/produce-consume.ts [HOST:PORT]
// Outside this checkout it is `npm install @millrace/client` and no flag.
import { Consumer, Producer } from '@millrace/client'

const bootstrapServers = process.argv[2] ?? '127.0.0.1:9092'

await using producer = new Producer({ bootstrapServers })
const sent = await producer.send([
  { topic: 'orders', key: '42', value: 'two lamps', headers: { source: 'example' } },
  { topic: 'orders', key: '43', value: 'a chair' },
  { topic: 'orders', key: '42', value: 'no, three lamps' },
])
for (const { partition, offset } of sent) console.log(`written to partition ${partition} at offset ${offset}`)

// Without `stopAtEnd` the loop waits for what comes next; with a `groupId` the members of a group share the partitions.
await using consumer = new Consumer({ bootstrapServers, topics: ['orders'], start: 'earliest', stopAtEnd: true })
for await (const record of consumer) console.log(`${record.key?.toString()}: ${record.value?.toString()}`)
