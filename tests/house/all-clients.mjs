// All three clients, and every compression: run by Bun beside the installed packages, and bundled into one CommonJS file,
// which can't wait at its top.
import { Admin, Consumer, Producer } from '@millrace/client'

async function main(bootstrapServers) {
  const admin = new Admin({ bootstrapServers })
  await admin.createTopics([{ name: 'buns', partitions: 3 }])
  await admin.close()

  for (const compressionType of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    const producer = new Producer({ bootstrapServers, compressionType })
    const records = Array.from({ length: 100 }, (_, i) => ({
      topic: 'buns',
      key: `k${i}`,
      value: `${compressionType} ${i} `.repeat(50),
      headers: { by: 'bun' },
    }))
    await producer.send(records)
    await producer.close()
  }

  // Longer than what a socket is read into at once.
  const long = Buffer.from(Uint8Array.from({ length: 700_000 }, (_, i) => (i * 31) % 251))
  const producer = new Producer({ bootstrapServers })
  await producer.send({ topic: 'buns', value: long })
  await producer.close()

  const consumer = new Consumer({ bootstrapServers, groupId: 'bakers', topics: ['buns'], autoOffsetReset: 'earliest' })
  const read = new Set()
  for await (const record of consumer) {
    read.add(record.value.equals(long) ? 'the long one' : record.value.toString())
    if (read.size === 501) break
  }
  await consumer.close()
  console.log(`read ${read.size} different records`)
}

main(process.argv[2]).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
