import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyApi } from '@millrace/protocol'
import {
  deleteGroupsApi,
  describeGroupsApi,
  errorCode,
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  offsetCommitApi,
  offsetDeleteApi,
  offsetFetchApi,
  syncGroupApi,
  zeroUuid,
} from '@millrace/protocol'
import { decideGroup } from './decide.ts'
import type { ClientCommand, GroupAnswer } from './command.ts'
import { refuseGroupCommand } from './refuse.ts'
import { defaultGroupSettings } from './settings.ts'
import { createGroupsState } from './state.ts'
import { seededRandom } from '@millrace/kernel'

type Make = (apiVersion: number) => ClientCommand

const asked = (apiVersion: number) => ({ token: 1, apiVersion })
const joinRequest = {
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
  reason: null,
}
const syncRequest = {
  groupId: 'g',
  generationId: 1,
  memberId: 'm',
  groupInstanceId: null,
  protocolType: null,
  protocolName: null,
  assignments: [],
}
const commitRequest = {
  groupId: 'g',
  generationIdOrMemberEpoch: -1,
  memberId: '',
  groupInstanceId: null,
  retentionTimeMs: -1,
  topics: [
    {
      name: 'orders',
      topicId: zeroUuid,
      partitions: [{ partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: null }],
    },
  ],
}
const fetchTopics = [{ name: 'orders', topicId: zeroUuid, partitionIndexes: [0] }]
const member = { memberId: 'm', groupInstanceId: null, reason: null }

/** A request of every kind that a group answers, with its API. */
const kinds: readonly (readonly [AnyApi, Make])[] = [
  [joinGroupApi, (v) => ({ kind: 'joinGroup', ...asked(v), clientId: 'c', remoteHost: '::1', request: joinRequest })],
  [syncGroupApi, (v) => ({ kind: 'syncGroup', ...asked(v), request: syncRequest })],
  [
    heartbeatApi,
    (v) => ({
      kind: 'heartbeat',
      ...asked(v),
      request: { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null },
    }),
  ],
  [
    leaveGroupApi,
    (v) => ({ kind: 'leaveGroup', ...asked(v), request: { groupId: 'g', memberId: 'm', members: [member] } }),
  ],
  [offsetCommitApi, (v) => ({ kind: 'offsetCommit', ...asked(v), request: commitRequest })],
  [
    offsetFetchApi,
    (v) => ({
      kind: 'offsetFetch',
      ...asked(v),
      requireStable: false,
      group: { groupId: 'g', memberId: null, memberEpoch: -1, topics: fetchTopics },
    }),
  ],
  [offsetDeleteApi, (v) => ({ kind: 'offsetDelete', ...asked(v), request: { groupId: 'g', topics: [] } })],
  [describeGroupsApi, (v) => ({ kind: 'describeGroups', ...asked(v), groupIds: ['g'] })],
  [deleteGroupsApi, (v) => ({ kind: 'deleteGroups', ...asked(v), groupIds: ['g'] })],
]

/** The response body that a handler makes of an answer. */
function bodyOf(answer: GroupAnswer, apiVersion: number): unknown {
  if (answer.kind === 'describeGroups') return { groups: answer.body }
  if (answer.kind === 'deleteGroups') return { results: answer.body }
  if (answer.kind !== 'offsetFetch') return answer.body
  const { topics, errorCode: code } = answer.body
  return apiVersion >= 8 ? { groups: [answer.body] } : { topics, errorCode: code }
}

const versionsOf = ({ minVersion, maxVersion }: AnyApi): number[] =>
  Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => minVersion + index)

for (const [api, make] of kinds) {
  test(`${api.name} can be refused, and answered, in every version`, () => {
    const env = { wallMs: 0, monotonicMs: 0, random: seededRandom(1), settings: defaultGroupSettings }
    for (const version of versionsOf(api)) {
      const command = make(version)
      const refusal = refuseGroupCommand(command, 'NOT_COORDINATOR').answer
      assert.doesNotThrow(() => api.response.encode(bodyOf(refusal, version) as never, version), `v${version}`)
      for (const { answer } of decideGroup(createGroupsState(), command, env).replies) {
        assert.doesNotThrow(() => api.response.encode(bodyOf(answer, version) as never, version), `v${version}`)
      }
    }
  })
}

test('a heartbeat while the group is loaded is answered as if all were well', () => {
  const command: ClientCommand = {
    kind: 'heartbeat',
    ...asked(4),
    request: { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null },
  }
  const { answer } = refuseGroupCommand(command, 'COORDINATOR_LOAD_IN_PROGRESS')
  assert(answer.kind === 'heartbeat')
  assert.equal(answer.body.errorCode, errorCode('NONE'))
})
