import assert from 'node:assert/strict'
import { test } from 'node:test'
import { movableClock, seededRandom } from '@millrace/kernel'
import type { FetchRequest } from '@millrace/protocol'
import { fetchRequest, zeroUuid } from '@millrace/protocol'
import type { FetchAnswer } from './fetch-session.ts'
import type { FetchContext } from './fetch-sessions.ts'
import { FetchSessions } from './fetch-sessions.ts'

const version = 12
const evictionMs = 120_000
const stillHost = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }

function open(maxSessions = 10) {
  const clock = movableClock(stillHost, assert.ifError)
  const sessions = new FetchSessions({ clock, random: seededRandom(1), maxSessions, evictionMs })
  return { clock, sessions }
}

interface Asked {
  readonly sessionId?: number
  readonly sessionEpoch?: number
  readonly partitions?: readonly number[]
  readonly forgotten?: number[]
  readonly replicaId?: number
}

function request({
  sessionId = 0,
  sessionEpoch = 0,
  partitions = [],
  forgotten = [],
  replicaId = -1,
}: Asked): FetchRequest {
  const topics = [
    {
      topic: 'orders',
      topicId: zeroUuid,
      partitions: partitions.map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 100 })),
    },
  ]
  const forgottenTopicsData = [{ topic: 'orders', topicId: zeroUuid, partitions: forgotten }]
  const body = { replicaId, maxWaitMs: 0, minBytes: 1, sessionId, sessionEpoch, topics, forgottenTopicsData }
  return fetchRequest.decode(fetchRequest.encode(body, version), version)
}

const nothingNew: FetchAnswer = { errorCode: 0, highWatermark: 5, logStartOffset: 0, sizeBytes: 0 }
const records: FetchAnswer = { ...nothingNew, highWatermark: 6, sizeBytes: 70 }
const failed: FetchAnswer = { ...nothingNew, errorCode: 6, highWatermark: -1, logStartOffset: -1 }

const begin = (sessions: FetchSessions, asked: Asked): FetchContext =>
  sessions.begin(request(asked), version, () => undefined)

function served(context: FetchContext): Exclude<FetchContext, { kind: 'refused' }> {
  assert.ok(context.kind !== 'refused', 'the session was refused')
  return context
}

type Served = ReturnType<typeof served>

const partitionsOf = (context: Served): number[] => Array.from(context.interest.all, ({ partition }) => partition)

function create(sessions: FetchSessions, asked: Asked = { partitions: [0, 1] }): number {
  const context = served(begin(sessions, asked))
  const looked = context.interest.takeOpen()
  for (const partition of looked) context.interest.reopen(partition)
  const answers = looked.map(() => nothingNew)
  return sessions.finish(context, looked, answers, false).sessionId
}

/** The partitions that the response to an incremental fetch carries. */
function next(sessions: FetchSessions, asked: Asked, answers: readonly FetchAnswer[]): number[] {
  const context = served(begin(sessions, asked))
  const looked = context.interest.takeOpen()
  for (const partition of looked) context.interest.reopen(partition)
  const { included } = sessions.finish(context, looked, answers, false)
  return looked.filter((_, i) => included(i)).map(({ partition }) => partition)
}

test('an incremental response carries only what changed, and what failed', () => {
  const { sessions } = open()
  const sessionId = create(sessions)
  assert.deepEqual(next(sessions, { sessionId, sessionEpoch: 1 }, [nothingNew, nothingNew]), [])
  assert.deepEqual(next(sessions, { sessionId, sessionEpoch: 2 }, [nothingNew, records]), [1])
  assert.deepEqual(next(sessions, { sessionId, sessionEpoch: 3 }, [failed, { ...records, sizeBytes: 0 }]), [0])
  // The error is gone: the client has to be told, although nothing else changed.
  assert.deepEqual(next(sessions, { sessionId, sessionEpoch: 4 }, [nothingNew, { ...records, sizeBytes: 0 }]), [0])
})

test('who was given records comes last the next time', () => {
  const { sessions } = open()
  const sessionId = create(sessions)
  next(sessions, { sessionId, sessionEpoch: 1 }, [records, nothingNew])
  const context = served(begin(sessions, { sessionId, sessionEpoch: 2 }))
  assert.deepEqual(
    context.interest.takeOpen().map(({ partition }) => partition),
    [1, 0],
  )
})

test('partitions are added and forgotten; a session without any is closed', () => {
  const { sessions } = open()
  const sessionId = create(sessions)
  const grown = served(begin(sessions, { sessionId, sessionEpoch: 1, partitions: [7], forgotten: [0] }))
  assert.deepEqual(partitionsOf(grown), [1, 7])
  const emptied = served(begin(sessions, { sessionId, sessionEpoch: 2, forgotten: [1, 7] }))
  assert.equal(emptied.kind, 'sessionless')
  assert.equal(sessions.size, 0)
})

test('a wrong epoch, an unknown id and a change between names and ids are refused', () => {
  const { sessions } = open()
  const sessionId = create(sessions)
  assert.deepEqual(begin(sessions, { sessionId, sessionEpoch: 5 }), {
    kind: 'refused',
    error: 'INVALID_FETCH_SESSION_EPOCH',
  })
  assert.deepEqual(begin(sessions, { sessionId: sessionId + 1, sessionEpoch: 1 }), {
    kind: 'refused',
    error: 'FETCH_SESSION_ID_NOT_FOUND',
  })
  const byId = sessions.begin(request({ sessionId, sessionEpoch: 1 }), 13, () => undefined)
  assert.deepEqual(byId, { kind: 'refused', error: 'FETCH_SESSION_TOPIC_ID_ERROR' })
})

test('epoch -1 closes the session that it names and opens none', () => {
  const { sessions } = open()
  const sessionId = create(sessions)
  assert.equal(create(sessions, { sessionId, sessionEpoch: -1, partitions: [0] }), 0)
  assert.equal(sessions.size, 0)
})

test('of two answers to the same epoch the second is refused', () => {
  const { sessions } = open()
  const sessionId = create(sessions)
  const first = served(begin(sessions, { sessionId, sessionEpoch: 1 }))
  const looked = first.interest.takeOpen()
  begin(sessions, { sessionId, sessionEpoch: 2 })
  assert.equal(sessions.finish(first, looked, [nothingNew, nothingNew], false).error, 'INVALID_FETCH_SESSION_EPOCH')
})

test('a full cache keeps young sessions, and gives way to followers and when sessions are stale', async () => {
  const { clock, sessions } = open(1)
  const young = create(sessions)
  assert.equal(create(sessions), 0)
  const follower = create(sessions, { partitions: [0], replicaId: 2 })
  assert.ok(follower > 0 && follower !== young)
  assert.equal(sessions.evictions, 1)
  assert.equal(create(sessions), 0)
  await clock.advance(evictionMs + 1)
  assert.ok(create(sessions) > 0)
})
