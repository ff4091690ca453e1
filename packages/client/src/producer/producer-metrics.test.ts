import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '@millrace/broker'
import { KafkaError } from '@millrace/protocol'
import { Admin } from '../admin/admin.ts'
import { Producer } from './producer.ts'

test('metrics say what was sent, what failed, what was sent again and how', async (t) => {
  const broker = await startBroker()
  t.after(() => broker.close())
  await using admin = new Admin(broker)
  const configs = { 'max.message.bytes': '2000' }
  await admin.createTopics([{ name: 'orders', partitions: 1, configs }])
  await using producer = new Producer({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 5 })
  assert.equal(producer.metrics().batchSizeAvg, 0)
  let refusals = 1
  broker.intercept('Produce', (_request, next) => {
    if (refusals === 0) return next()
    refusals -= 1
    throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
  })
  await producer.send([1, 2, 3].map(() => ({ topic: 'orders', value: 'x'.repeat(100) })))
  await producer.send([1, 2].map(() => ({ topic: 'orders', value: 'x'.repeat(1_200) })))
  await assert.rejects(producer.send({ topic: 'orders', value: 'x'.repeat(5_000) }), { error: 'MESSAGE_TOO_LARGE' })
  const metrics = producer.metrics()
  assert.deepEqual(
    [metrics.recordSendTotal, metrics.recordErrorTotal, metrics.recordRetryTotal, metrics.batchSplitTotal],
    [5, 1, 3, 1],
  )
  assert.ok(metrics.batchSizeMax > 5_000 && metrics.batchSizeAvg > 300 && metrics.byteTotal > 7_000)
  assert.ok(metrics.recordQueueTimeMax >= metrics.recordQueueTimeAvg && metrics.recordQueueTimeAvg > 0)
  assert.equal(metrics.bufferAvailableBytes, metrics.bufferTotalBytes)
  assert.ok(metrics.connectionCount > 0 && metrics.outgoingByteTotal > metrics.byteTotal, 'and of its connections')
  assert.deepEqual(Object.keys(metrics.nodes), [broker.bootstrapServers])
})
