import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersionsApi, fetchApi, heartbeatApi, produceApi, saslHandshakeApi } from '../messages/index.ts'
import { WireError } from '../wire/wire-error.ts'
import { FrameReader } from './frame-reader.ts'
import { decodeRequestHeader, encodeRequest } from './request-frame.ts'
import { correlationIdOf, decodeResponse, encodeResponse } from './response-frame.ts'

const header = { correlationId: 7, clientId: 'c' }

function frameOf(chunks: readonly Uint8Array[]): Uint8Array {
  const frames: Uint8Array[] = []
  new FrameReader({ sizeBytesMax: 10_000, onFrame: (frame) => void frames.push(frame) }).push(Buffer.concat(chunks))
  assert.equal(frames.length, 1)
  return frames[0] as Uint8Array
}

test('a request is read back as it was written', () => {
  const body = { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: null }
  const frame = decodeRequestHeader(frameOf(encodeRequest(heartbeatApi, 4, header, body)))
  assert.equal(frame.api, heartbeatApi)
  assert.deepEqual([frame.apiVersion, frame.correlationId, frame.clientId], [4, 7, 'c'])
  assert.deepEqual(heartbeatApi.request.decode(frame.body, 4), body)
})

test('the client id keeps its two bytes of length in a flexible header', () => {
  const [bytes] = encodeRequest(apiVersionsApi, 3, { correlationId: 1, clientId: 'ab' }, {})
  assert.equal(Buffer.from(bytes ?? []).toString('hex', 4, 17), '00120003000000010002616200')
})

test('a header of an unknown version of a known API can be read', () => {
  const bytes = Buffer.concat(encodeRequest(apiVersionsApi, 4, header, {}))
  bytes.writeInt16BE(99, 6)
  assert.equal(decodeRequestHeader(frameOf([bytes])).apiVersion, 99)
})

test('an unknown API key is a WireError that says so', () => {
  assert.throws(() => decodeRequestHeader(Uint8Array.of(0x7f, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff)), {
    name: 'WireError',
    message: /api key: got 32767/,
  })
})

test('a header that is cut short is a WireError', () => {
  const frame = frameOf(encodeRequest(heartbeatApi, 0, header, { groupId: 'g', generationId: 3, memberId: 'm' }))
  for (let end = 0; end < 11; end++) assert.throws(() => decodeRequestHeader(frame.subarray(0, end)), WireError)
})

test('the response to ApiVersions never has a flexible header', () => {
  const [bytes] = encodeResponse(apiVersionsApi, 4, 5, { errorCode: 0, apiKeys: [] })
  assert.equal(Buffer.from(bytes ?? []).toString('hex'), '0000000c000000050000010000000000')
})

test('SaslHandshake is never flexible', () => {
  assert.equal(saslHandshakeApi.requestHeaderVersion(1), 1)
  assert.equal(saslHandshakeApi.responseHeaderVersion(1), 0)
})

test('a response is read back as it was written', () => {
  const frame = frameOf(encodeResponse(heartbeatApi, 4, 9, { errorCode: 27 }))
  assert.equal(correlationIdOf(frame), 9)
  assert.deepEqual(decodeResponse(heartbeatApi, 4, frame), {
    correlationId: 9,
    body: { throttleTimeMs: 0, errorCode: 27 },
  })
})

test('records go out as the buffers they are, between the bytes around them', () => {
  const batches = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]
  const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 9, abortedTransactions: null, records: batches }
  const body = { responses: [{ topic: 't', partitions: [partition, { ...partition, records: null }, partition] }] }
  const chunks = encodeResponse(fetchApi, 12, 1, body)
  assert.deepEqual([chunks[1], chunks[2]], batches)
  assert.equal(chunks[1], batches[0])
  assert.equal(chunks.length, 7)
  const decoded = decodeResponse(fetchApi, 12, frameOf(chunks)).body.responses[0]?.partitions
  assert.deepEqual(decoded?.[2]?.records, Uint8Array.of(1, 2, 3, 4))
})

test('decoded records are a view of the frame', () => {
  const partitionData = [{ index: 0, records: Uint8Array.of(1, 2, 3) }]
  const body = { acks: -1, timeoutMs: 1, topicData: [{ name: 't', partitionData }] }
  const frame = decodeRequestHeader(frameOf(encodeRequest(produceApi, 9, header, body)))
  const decoded = produceApi.request.decode(frame.body, 9)
  assert.equal(decoded.topicData[0]?.partitionData[0]?.records?.buffer, frame.body.buffer)
})
