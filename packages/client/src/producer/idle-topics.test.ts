import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '@millrace/broker'
import { clientClock } from '@millrace/testkit/client-clock'
import { until } from '@millrace/testkit/consumer-world'
import { Producer } from './producer.ts'

test('a topic that nothing was sent to for metadata.max.idle.ms is asked for again only when it is written to', async (t) => {
  const clock = clientClock(t)
  const broker = await startBroker()
  t.after(() => broker.close())
  const asked: (string | null)[][] = []
  broker.intercept('Metadata', ({ body }, next) => {
    asked.push((body.topics ?? []).map(({ name }) => name))
    return next()
  })
  await using producer = new Producer({ bootstrapServers: broker.bootstrapServers })
  const send = async (topic: string): Promise<number> => (await producer.send({ topic, value: 'v' })).offset
  await send('idle')
  await send('busy')
  await clock.advance(200_000)
  await send('busy')
  asked.length = 0
  await clock.advance(150_000)
  assert.equal(await send('busy'), 2)
  await until('all topics in use are asked for', () => asked.length > 0)
  assert.deepEqual(asked, [['busy']])
  assert.equal(await send('idle'), 1)
  assert.deepEqual(asked.slice(1), [['idle']])
})
