import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '@millrace/broker'
import type { LogFields } from '@millrace/kernel'
import { silentLogger } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { Admin } from '../../admin/admin.ts'
import { abortable } from '../../cluster/abort.ts'
import { Consumer } from '../consumer.ts'

test('what ended the heartbeats is logged, also where something else fails before it is looked at', async (t) => {
  const broker = await startBroker()
  const admin = new Admin(broker)
  await admin.createTopics([{ name: 'orders', partitions: 1 }])
  await admin.close()
  broker.intercept('Heartbeat', () => {
    throw new KafkaError('GROUP_AUTHORIZATION_FAILED', 'no longer')
  })
  const ended = Promise.withResolvers<unknown>()
  const debug = (message: string, fields?: LogFields): void => {
    if (message === 'the heartbeats ended') ended.resolve(fields?.['error'])
  }
  const consumer = new Consumer({
    bootstrapServers: broker.bootstrapServers,
    topics: 'orders',
    groupId: 'readers',
    heartbeatIntervalMs: 20,
    logger: { ...silentLogger, debug },
    onAssigned: async () => {
      await abortable(ended.promise, AbortSignal.timeout(5_000))
      throw new Error('the program failed')
    },
  })
  t.after(async () => {
    await consumer.close()
    await broker.close()
  })
  await assert.rejects(async () => {
    for await (const record of consumer) assert.fail(`got ${String(record.value)}`)
  }, /the program failed/)
  assert.match(String(await ended.promise), /GROUP_AUTHORIZATION_FAILED/)
})
