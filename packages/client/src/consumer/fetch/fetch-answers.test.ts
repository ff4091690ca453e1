import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from '@millrace/protocol'
import { ConsumerWorld, read } from '@millrace/testkit/consumer-world'

const topicAuthorizationFailed = 29

test('a partition that is refused for good is told of, and is not asked for over and over', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  let fetches = 0
  let refuse = true
  broker.intercept('Fetch', async (_request, next) => {
    fetches += 1
    const answer = await next()
    if (!refuse) return answer
    const responses = answer.responses.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((each) => ({ ...each, errorCode: topicAuthorizationFailed, records: null })),
    }))
    return { ...answer, responses }
  })
  const reader = consumer({ retryBackoffMs: 100, fetchMaxWaitMs: 1 })
  const refused = (error: unknown): boolean =>
    error instanceof KafkaError && error.error === 'TOPIC_AUTHORIZATION_FAILED'
  await assert.rejects(read(reader, 1), refused)
  const startedMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 200))
  const elapsedMs = performance.now() - startedMs
  assert.ok(fetches <= 2 + elapsedMs / 80, `${fetches} fetches in ${elapsedMs} ms`)
  refuse = false
  const goneOn = await read(reader, 1).catch(() => read(reader, 1))
  assert.equal(goneOn.length, 1)
})
