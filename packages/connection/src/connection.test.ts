import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { RequestFrame } from '@millrace/protocol'
import {
  apiVersionsApi,
  decodeRequestHeader,
  encodeResponse,
  FrameReader,
  heartbeatApi,
  metadataApi,
  produceApi,
  syncGroupApi,
} from '@millrace/protocol'
import { BadResponseError, ConnectionClosedError, RequestTimeoutError, UnsupportedApiError } from './broker-error.ts'
import type { ConnectionOptions, RequestOptions } from './connection.ts'
import { Connection } from './connection.ts'

type Answer = (request: RequestFrame, socket: Socket) => void

const apiKeys = [
  { apiKey: 18, minVersion: 0, maxVersion: 4 },
  { apiKey: 12, minVersion: 0, maxVersion: 3 },
  { apiKey: 14, minVersion: 0, maxVersion: 3 },
  { apiKey: 0, minVersion: 3, maxVersion: 9 },
]

const sayVersions: Answer = (request, socket) =>
  reply(socket, encodeResponse(apiVersionsApi, request.apiVersion, request.correlationId, { errorCode: 0, apiKeys }))

const reply = (socket: Socket, chunks: readonly Uint8Array[]): void => void socket.write(Buffer.concat(chunks))

/** A broker that answers as it is told; ApiVersions properly where it is told nothing else. */
async function broker(t: TestContext, answer: Answer, versions: Answer = sayVersions): Promise<ConnectionOptions> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const onFrame = (frame: Uint8Array): void => {
      const request = decodeRequestHeader(frame)
      if (request.api.key === apiVersionsApi.key) versions(request, socket)
      else answer(request, socket)
    }
    const frames = new FrameReader({ sizeBytesMax: 1_000_000, onFrame })
    socket.on('data', (chunk: Buffer) => frames.push(chunk)).on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { host: '127.0.0.1', port: address.port, clientId: 'test' }
}

async function connect(t: TestContext, options: ConnectionOptions): Promise<Connection> {
  const connection = await Connection.connect(options)
  t.after(() => connection.close())
  return connection
}

const heartbeat = (groupId: string) => ({ groupId, generationId: 1, memberId: 'm' })
const ok = (request: RequestFrame): Uint8Array[] =>
  encodeResponse(heartbeatApi, request.apiVersion, request.correlationId, { errorCode: 0 })

test('requests go out in the highest version that both know, and many at a time', async (t) => {
  const seen: RequestFrame[] = []
  const held: (() => void)[] = []
  const options = await broker(t, (request, socket) => {
    seen.push(request)
    held.push(() => reply(socket, ok(request)))
    if (held.length === 3) for (const answer of held) answer()
  })
  const connection = await connect(t, options)
  const answers = await Promise.all(['a', 'b', 'c'].map((id) => connection.request(heartbeatApi, heartbeat(id))))
  assert.deepEqual(
    answers.map((each) => each.errorCode),
    [0, 0, 0],
  )
  assert.deepEqual(
    seen.map((each) => [each.apiVersion, each.clientId]),
    [
      [3, 'test'],
      [3, 'test'],
      [3, 'test'],
    ],
  )
})

const mib = 1024 * 1024

/** Answers to SyncGroup bring an assignment of so many bytes, all of them the request's generation. */
async function assigner(t: TestContext, sizeBytes: number): Promise<ConnectionOptions> {
  return broker(t, (request, socket) => {
    const { generationId } = syncGroupApi.request.decode(request.body, request.apiVersion)
    const assignment = new Uint8Array(sizeBytes).fill(generationId)
    reply(socket, encodeResponse(syncGroupApi, request.apiVersion, request.correlationId, { errorCode: 0, assignment }))
  })
}

const assigned = async (
  connection: Connection,
  generationId: number,
  options: RequestOptions = {},
): Promise<Uint8Array> => {
  const request = { groupId: 'g', generationId, memberId: 'm', assignments: [] }
  return (await connection.request(syncGroupApi, request, options)).assignment
}

test('the bytes of an answer stay as they are, small ones and such as come in pieces', async (t) => {
  for (const sizeBytes of [10, 3 * mib]) {
    const connection = await connect(t, await assigner(t, sizeBytes))
    const first = await assigned(connection, 1)
    assert.equal((await assigned(connection, 2))[0], 2)
    assert.deepEqual([first.length, first.every((byte) => byte === 1)], [sizeBytes, true])
  }
})

test('a long answer is put where the connection was told to', async (t) => {
  const memory = new Uint8Array(4 * mib)
  const takeMemory = (sizeBytes: number): Uint8Array => {
    assert.ok(sizeBytes > 3 * mib)
    return memory
  }
  const connection = await connect(t, { ...(await assigner(t, 3 * mib)), takeMemory })
  for (const generationId of [1, 2]) {
    const answer = await assigned(connection, generationId)
    assert.equal(answer.buffer, memory.buffer)
    assert.ok(answer.every((byte) => byte === generationId))
  }
})

test('requests beyond the bound wait their turn, in order', async (t) => {
  let onTheWire = 0
  let most = 0
  const groups: string[] = []
  const options = await broker(t, (request, socket) => {
    onTheWire += 1
    most = Math.max(most, onTheWire)
    groups.push(heartbeatApi.request.decode(request.body, request.apiVersion).groupId)
    setImmediate(() => {
      onTheWire -= 1
      reply(socket, ok(request))
    })
  })
  const connection = await connect(t, { ...options, inFlightMax: 2 })
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  await Promise.all(ids.map((id) => connection.request(heartbeatApi, heartbeat(id))))
  assert.equal(most, 2)
  assert.deepEqual(groups, ids)
})

test('a broker that does not know our ApiVersions is asked again in the version that it names', async (t) => {
  const asked: number[] = []
  const options = await broker(
    t,
    (request, socket) => reply(socket, ok(request)),
    (request, socket) => {
      asked.push(request.apiVersion)
      if (request.apiVersion <= 2) return sayVersions(request, socket)
      const refusal = { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 2 }] }
      return reply(socket, encodeResponse(apiVersionsApi, 0, request.correlationId, refusal))
    },
  )
  const connection = await connect(t, options)
  assert.deepEqual(asked, [apiVersionsApi.maxVersion, 2])
  assert.equal((await connection.request(heartbeatApi, heartbeat('g'))).errorCode, 0)
})

test('one that names no versions with its refusal is asked in version 0', async (t) => {
  const asked: number[] = []
  const options = await broker(
    t,
    (request, socket) => reply(socket, ok(request)),
    (request, socket) => {
      asked.push(request.apiVersion)
      if (request.apiVersion === 0) return sayVersions(request, socket)
      const refusal = { errorCode: 35, apiKeys: [] }
      return reply(socket, encodeResponse(apiVersionsApi, 0, request.correlationId, refusal))
    },
  )
  const connection = await connect(t, options)
  assert.deepEqual(asked, [apiVersionsApi.maxVersion, 0])
  assert.equal((await connection.request(heartbeatApi, heartbeat('g'))).errorCode, 0)
})

test('one that refuses every version is an error with the broker and the API, not a loop', async (t) => {
  const options = await broker(
    t,
    () => {},
    (request, socket) =>
      reply(socket, encodeResponse(apiVersionsApi, 0, request.correlationId, { errorCode: 35, apiKeys: [] })),
  )
  await assert.rejects(Connection.connect(options), {
    error: 'UNSUPPORTED_VERSION',
    api: 'ApiVersions',
    address: `127.0.0.1:${options.port}`,
  })
})

test('an API or a version that the broker does not have is an error with its address and the API', async (t) => {
  const connection = await connect(t, await broker(t, () => {}))
  await assert.rejects(connection.request(metadataApi, { topics: null }), (error) => {
    assert.ok(error instanceof UnsupportedApiError)
    assert.equal(error.error, 'UNSUPPORTED_VERSION')
    assert.equal(error.api, 'Metadata')
    assert.equal(error.address, connection.address)
    return true
  })
  const versions = { min: 4 }
  await assert.rejects(
    connection.request(heartbeatApi, heartbeat('g'), { versions }),
    /the broker takes .* 0-3, this needs one of 4-4/,
  )
})

test('a response with a wrong correlation id closes the connection', async (t) => {
  const options = await broker(t, (request, socket) =>
    reply(socket, encodeResponse(heartbeatApi, request.apiVersion, request.correlationId + 1, { errorCode: 0 })),
  )
  const connection = await connect(t, options)
  await assert.rejects(connection.request(heartbeatApi, heartbeat('g')), BadResponseError)
  assert.equal(connection.closed, true)
})

test('a response longer than the bound, or shorter than a header, closes the connection', async (t) => {
  for (const length of [1_000_001, -1, 2]) {
    const bytes = Buffer.alloc(6)
    bytes.writeInt32BE(length)
    const options = await broker(t, (_request, socket) => void socket.write(bytes))
    const connection = await connect(t, { ...options, responseBytesMax: 1_000_000 })
    await assert.rejects(connection.request(heartbeatApi, heartbeat('g')), BadResponseError)
    assert.equal(connection.closed, true)
  }
})

test('an answer is bounded by what its own request says, whatever stands before and behind it', async (t) => {
  const options = { ...(await assigner(t, 5_000)), responseBytesMax: 10_000 }
  const connection = await connect(t, options)
  const bounds: RequestOptions[] = [{}, { responseBytesMax: 5_100 }, {}, { responseBytesMax: 4_900 }, {}]
  const answers = await Promise.allSettled(bounds.map((each, i) => assigned(connection, i, each)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  const message = new RegExp(`length of a frame.*expected 0 to 4900 \\(SyncGroup to ${connection.address}\\)`)
  assert.match(String(answers[3]?.status === 'rejected' && answers[3].reason), message)
})

test('a bound of a request may be larger than the connection’s', async (t) => {
  const connection = await connect(t, { ...(await assigner(t, 5_000)), responseBytesMax: 1_000 })
  assert.equal((await assigned(connection, 1, { responseBytesMax: 6_000 })).length, 5_000)
  await assert.rejects(assigned(connection, 1), BadResponseError)
})

test('a response that is no answer to the request closes the connection', async (t) => {
  const options = await broker(t, (request, socket) => {
    const bytes = Buffer.alloc(9)
    bytes.writeInt32BE(5)
    bytes.writeInt32BE(request.correlationId, 4)
    socket.write(bytes)
  })
  const connection = await connect(t, options)
  await assert.rejects(connection.request(heartbeatApi, heartbeat('g')), /CORRUPT_MESSAGE: .* \(Heartbeat to 127/)
})

test('no answer in time rejects with a time-out and closes the connection', async (t) => {
  const connection = await connect(t, await broker(t, () => {}))
  const late = connection.request(heartbeatApi, heartbeat('late'), { timeoutMs: 20 })
  const beside = connection.request(heartbeatApi, heartbeat('beside'))
  await assert.rejects(late, RequestTimeoutError)
  await assert.rejects(beside, RequestTimeoutError)
  assert.equal(connection.closed, true)
})

test('a request that was aborted leaves the connection to the others', async (t) => {
  const held: (() => void)[] = []
  const options = await broker(t, (request, socket) => void held.push(() => reply(socket, ok(request))))
  const connection = await connect(t, options)
  const aborter = new AbortController()
  const first = connection.request(heartbeatApi, heartbeat('first'), { signal: aborter.signal })
  const second = connection.request(heartbeatApi, heartbeat('second'))
  aborter.abort(new Error('enough'))
  await assert.rejects(first, /enough/)
  const timer = setInterval(() => held.splice(0).forEach((answer) => answer()), 1)
  t.after(() => clearInterval(timer))
  assert.equal((await second).errorCode, 0)
})

test('what waits is rejected when the broker goes away, and later requests at once', async (t) => {
  const connection = await connect(t, await broker(t, (_request, socket) => socket.destroy()))
  const reasons: Error[] = []
  connection.onClose((reason) => void reasons.push(reason))
  await assert.rejects(connection.request(heartbeatApi, heartbeat('g')), ConnectionClosedError)
  await assert.rejects(connection.request(heartbeatApi, heartbeat('g')), ConnectionClosedError)
  assert.equal(reasons.length, 1)
})

test('a request without an answer is done when it is written', async (t) => {
  const seen: number[] = []
  const options = await broker(t, (request, socket) => {
    seen.push(request.api.key)
    if (request.api === heartbeatApi) reply(socket, ok(request))
  })
  const connection = await connect(t, options)
  await connection.post(produceApi, { acks: 0, timeoutMs: 1, topicData: [] })
  await connection.request(heartbeatApi, heartbeat('g'))
  assert.deepEqual(seen, [0, 12])
})

test('a port where nobody listens is a ConnectionClosedError, a signal that is set already its reason', async (t) => {
  const options = await broker(t, () => {})
  const signal = AbortSignal.abort(new Error('never mind'))
  await assert.rejects(Connection.connect({ ...options, signal }), /never mind/)
  await assert.rejects(Connection.connect({ host: '127.0.0.1', port: 1 }), ConnectionClosedError)
})

test('a broker that accepts and says nothing is given up after the request time-out', async (t) => {
  const options = await broker(
    t,
    () => {},
    () => {},
  )
  await assert.rejects(Connection.connect({ ...options, requestTimeoutMs: 20 }), RequestTimeoutError)
})
