import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from '@millrace/protocol'
import { ConsumerWorld, read } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'

const topicAuthorizationFailed = 29

test('a partition that is refused for good is told of, and is not asked for over and over', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const fetchedAtMs: number[] = []
  let refuse = true
  broker.intercept('Fetch', async (_request, next) => {
    fetchedAtMs.push(performance.now())
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
  await until('it is asked for again', () => fetchedAtMs.length > 4)
  // The first may have been a fetch before the partition was added; a pause is a fifth shorter by chance.
  const pausesMs = fetchedAtMs.slice(2).map((atMs, i) => atMs - fetchedAtMs[i + 1]!)
  assert.ok(
    pausesMs.every((pauseMs) => pauseMs >= 75),
    `pauses of ${pausesMs.join(', ')} ms`,
  )
  refuse = false
  // What was refused before may still be told of.
  let goneOn: unknown[] = []
  await until('it goes on', async () => {
    goneOn = await read(reader, 1).catch((error: unknown) => (refused(error) ? [] : Promise.reject(error)))
    return goneOn.length > 0
  })
  assert.equal(goneOn.length, 1)
})
