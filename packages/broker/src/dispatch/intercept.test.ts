import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import type { MetadataRequest, ProduceRequest } from '@millrace/protocol'
import { findCoordinatorApi, heartbeatApi, metadataApi } from '@millrace/protocol'
import type { Broker } from '../broker.ts'
import { startBroker } from '../broker.ts'
import { handlers } from '../handlers/index.ts'

test('every API is intercepted under its own name', () => {
  for (const [name, handler] of Object.entries(handlers)) assert.equal(name, handler.api.name)
})

test('an interceptor reads the request and changes the answer of the API that it names', async () => {
  await using broker = await startBroker()
  const asked: (readonly string[])[] = []
  broker.intercept('Metadata', async ({ apiName, body }, next) => {
    const request: MetadataRequest = body
    asked.push([apiName, ...(request.topics ?? []).map(({ name }) => name ?? '')])
    const answer = await next()
    return { ...answer, brokers: [], controllerId: 7 }
  })
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  const answer = await connection.request(metadataApi, { topics: [{ name: 'a' }, { name: 'b' }] })
  assert.deepEqual(asked, [['Metadata', 'a', 'b']])
  assert.deepEqual([answer.brokers, answer.controllerId], [[], 7])
  connection.close()
})

test('an interceptor answers in place of the handler', async () => {
  await using broker = await startBroker()
  broker.intercept('Heartbeat', () => ({ errorCode: 27 }))
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm' }
  assert.equal((await connection.request(heartbeatApi, heartbeat)).errorCode, 27)
  const others = await connection.request(findCoordinatorApi, { keyType: 0, coordinatorKeys: ['g'] })
  assert.equal(others.coordinators[0]?.errorCode, 0)
  connection.close()
})

test('an API that the broker does not serve can not be intercepted', async () => {
  await using broker = await startBroker()
  const wrong = /no API of this name is served: got 'Prodcue', expected Produce, Fetch, .*ApiVersions/
  // @ts-expect-error: there is no such API
  assert.throws(() => broker.intercept('Prodcue', (_request, next) => next()), wrong)
  // @ts-expect-error: Kafka has it, this broker doesn't serve it
  assert.throws(() => broker.intercept('EndTxn', (_request, next) => next()), RangeError)
})

// Never called: what stands here is only checked by the compiler.
export function typesOfInterceptors(broker: Broker): void {
  broker.intercept('Produce', async (request, next) => {
    const body: ProduceRequest = request.body
    const answer = await next()
    const baseOffset: number | undefined = answer?.responses[0]?.partitionResponses[0]?.baseOffset
    // @ts-expect-error: a Produce with acks=0 has no answer
    assert.ok(answer.responses)
    assert.ok(body.acks !== baseOffset)
    return answer
  })
  broker.intercept('ApiVersions', async (_request, next) => ({ ...(await next()), apiKeys: [] }))
  broker.intercept('Fetch', (request) => (request.body.isolationLevel === 1 ? request.drop() : request.disconnect()))
  broker.intercept('Fetch', (request, next) => {
    // @ts-expect-error: a field of another request
    assert.ok(request.body.groupId)
    return next()
  })
  // @ts-expect-error: the response of another API
  broker.intercept('Heartbeat', () => ({ memberId: 'm' }))
  // @ts-expect-error: nothing is no answer
  broker.intercept('Heartbeat', () => undefined)
}
