import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '@millrace/broker'
import { Consumer, Producer } from '@millrace/client'

test('an order reaches the warehouse', async () => {
  await using broker = await startBroker()
  const { bootstrapServers } = broker
  await using producer = new Producer({ bootstrapServers })
  await producer.send({ topic: 'orders', key: '42', value: 'two lamps' })

  await using consumer = new Consumer({
    bootstrapServers,
    groupId: 'warehouse',
    topics: ['orders'],
    autoOffsetReset: 'earliest',
  })
  for await (const record of consumer) {
    assert.equal(record.value?.toString(), 'two lamps')
    break
  }
})
