import type { GroupCommand } from '@millrace/machines'
import { consumerProtocolSubscription, zeroUuid } from '@millrace/protocol'
import { type ScenarioLine, numberOption, pairs, parsePartition } from './scenario-line.ts'

/** What a client of a scenario knows: what the last answers told it. */
export interface ScenarioClient {
  memberId: string
  generation: number
}

type ClientOf = (name: string) => ScenarioClient
type Make = (line: ScenarioLine, token: number, clientOf: ClientOf) => GroupCommand

const text = new TextEncoder()
const option = (line: ScenarioLine, name: string): string | null => line.options.get(name) ?? null
const groupOf = (line: ScenarioLine): string => line.options.get('group') ?? 'g'
const client = (line: ScenarioLine, clientOf: ClientOf): ScenarioClient => clientOf(line.words[0] ?? '')
const memberOf = (line: ScenarioLine, clientOf: ClientOf): string => {
  const named = option(line, 'member')
  return named === null
    ? client(line, clientOf).memberId
    : named.startsWith('@')
      ? clientOf(named.slice(1)).memberId
      : named
}

/** A consumer's metadata as Kafka's clients send it. */
function subscription(topics: readonly string[]): Uint8Array {
  const body = consumerProtocolSubscription.encode({ topics: [...topics], userData: null }, 0)
  const bytes = new Uint8Array(2 + body.length)
  bytes.set(body, 2)
  return bytes
}

const list = (value: string | null): string[] => (value === null || value === '' ? [] : value.split(','))

const joinGroup: Make = (line, token, clientOf) => {
  const metadata =
    option(line, 'metadata') === null
      ? subscription(list(option(line, 'topics') ?? 'orders'))
      : text.encode(option(line, 'metadata') ?? '')
  return {
    kind: 'joinGroup',
    token,
    apiVersion: numberOption(line, 'v', 9),
    clientId: line.words[0] ?? '',
    remoteHost: '10.0.0.1',
    request: {
      groupId: groupOf(line),
      sessionTimeoutMs: numberOption(line, 'session', 10_000),
      rebalanceTimeoutMs: numberOption(line, 'rebalance', 60_000),
      memberId: memberOf(line, clientOf),
      groupInstanceId: option(line, 'instance'),
      protocolType: option(line, 'type') ?? 'consumer',
      protocols: list(option(line, 'protocols') ?? 'range').map((name) => ({ name, metadata })),
      reason: option(line, 'reason'),
    },
  }
}

const syncGroup: Make = (line, token, clientOf) => ({
  kind: 'syncGroup',
  token,
  apiVersion: numberOption(line, 'v', 5),
  request: {
    groupId: groupOf(line),
    generationId: numberOption(line, 'generation', client(line, clientOf).generation),
    memberId: memberOf(line, clientOf),
    groupInstanceId: option(line, 'instance'),
    protocolType: option(line, 'type') ?? (numberOption(line, 'v', 5) >= 5 ? 'consumer' : null),
    protocolName: option(line, 'protocol') ?? (numberOption(line, 'v', 5) >= 5 ? 'range' : null),
    assignments: pairs(option(line, 'assign') ?? '').map(([name, what]) => ({
      memberId: clientOf(name).memberId,
      assignment: text.encode(what),
    })),
  },
})

const heartbeat: Make = (line, token, clientOf) => ({
  kind: 'heartbeat',
  token,
  apiVersion: 4,
  request: {
    groupId: groupOf(line),
    generationId: numberOption(line, 'generation', client(line, clientOf).generation),
    memberId: memberOf(line, clientOf),
    groupInstanceId: option(line, 'instance'),
  },
})

const leaveGroup: Make = (line, token, clientOf) => {
  const byInstance = list(option(line, 'instances')).map((groupInstanceId) => ({
    memberId: '',
    groupInstanceId,
    reason: null,
  }))
  const byMember = line.words.map((name) => ({
    memberId: option(line, 'member') ?? clientOf(name).memberId,
    groupInstanceId: option(line, 'instance'),
    reason: option(line, 'reason'),
  }))
  return {
    kind: 'leaveGroup',
    token,
    apiVersion: numberOption(line, 'v', 5),
    request: { groupId: groupOf(line), memberId: byMember[0]?.memberId ?? '', members: [...byMember, ...byInstance] },
  }
}

const offsetCommit: Make = (line, token, clientOf) => {
  const isMember = !line.words.includes('simple')
  const { memberId, generation } = isMember ? client(line, clientOf) : { memberId: '', generation: -1 }
  const offsets = [...line.options].filter(([name]) => /-\d+$/.test(name))
  return {
    kind: 'offsetCommit',
    token,
    apiVersion: numberOption(line, 'v', 9),
    request: {
      groupId: groupOf(line),
      generationIdOrMemberEpoch: numberOption(line, 'generation', generation),
      memberId: isMember ? memberOf(line, clientOf) : memberId,
      groupInstanceId: option(line, 'instance'),
      retentionTimeMs: numberOption(line, 'retention', -1),
      topics: offsets.map(([name, offset]) => ({
        name: parsePartition(name).topic,
        topicId: option(line, 'topicId') ?? zeroUuid,
        partitions: [
          {
            partitionIndex: parsePartition(name).partition,
            committedOffset: Number(offset),
            committedLeaderEpoch: numberOption(line, 'epoch', -1),
            committedMetadata: 'x'.repeat(numberOption(line, 'metadataLength', 0)),
          },
        ],
      })),
    },
  }
}

const byTopic = (names: readonly string[]): [string, number[]][] => {
  const topics = new Map<string, number[]>()
  for (const name of names) {
    const { topic, partition } = parsePartition(name)
    topics.set(topic, [...(topics.get(topic) ?? []), partition])
  }
  return [...topics]
}

const offsetFetch: Make = (line, token) => ({
  kind: 'offsetFetch',
  token,
  apiVersion: numberOption(line, 'v', 9),
  requireStable: line.words.includes('stable'),
  group: {
    groupId: groupOf(line),
    memberId: null,
    memberEpoch: -1,
    topics: line.words.includes('all')
      ? null
      : byTopic(line.words.filter((word) => word !== 'stable')).map(([name, partitionIndexes]) => ({
          name,
          topicId: option(line, 'topicId') ?? zeroUuid,
          partitionIndexes,
        })),
  },
})

const offsetDelete: Make = (line, token) => ({
  kind: 'offsetDelete',
  token,
  apiVersion: 0,
  request: {
    groupId: groupOf(line),
    topics: byTopic(line.words).map(([name, partitions]) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex })),
    })),
  },
})

const describeGroups: Make = (line, token) => ({
  kind: 'describeGroups',
  token,
  apiVersion: numberOption(line, 'v', 6),
  groupIds: line.words,
})

const listGroups: Make = (line, token) => ({
  kind: 'listGroups',
  token,
  apiVersion: 5,
  statesFilter: list(option(line, 'states')),
  typesFilter: list(option(line, 'types')),
})

const deleteGroups: Make = (line, token) => ({ kind: 'deleteGroups', token, apiVersion: 2, groupIds: line.words })

const topicsDeleted: Make = (line) => ({
  kind: 'topicsDeleted',
  topics: line.words.map((name) => ({ name, topicId: option(line, 'topicId') ?? zeroUuid })),
})

/** What each verb asks the coordinator. */
export const verbs: ReadonlyMap<string, Make> = new Map([
  ['join', joinGroup],
  ['sync', syncGroup],
  ['heartbeat', heartbeat],
  ['leave', leaveGroup],
  ['commit', offsetCommit],
  ['fetch', offsetFetch],
  ['delete-offsets', offsetDelete],
  ['describe', describeGroups],
  ['list', listGroups],
  ['delete-groups', deleteGroups],
  ['topics-deleted', topicsDeleted],
])
