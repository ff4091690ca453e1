import type { Connection } from '@millrace/connection'
import { decodeAssignment } from '@millrace/machines'
import type { AnyApi, Api, ErrorName, ShareGroupDescribeResponse } from '@millrace/protocol'
import {
  consumerGroupDescribeApi,
  describeGroupsApi,
  errorCode,
  KafkaError,
  shareGroupDescribeApi,
  streamsGroupDescribeApi,
  WireError,
} from '@millrace/protocol'
import type { TopicPartition } from '../record.ts'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import type { DescribeGroupsOptions, GroupDescription, GroupType } from './groups-api.ts'
import { operationsOf } from './names.ts'
import { failed, outcomeOf } from './outcome.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { request } from './request.ts'
import { coordinatorMoved, toCoordinators } from './routes.ts'
import { streamsGroup } from './streams-groups.ts'

/** Which request describes groups of a type. */
const apis: Readonly<Record<GroupType, Pick<AnyApi, 'key' | 'name'>>> = {
  classic: describeGroupsApi,
  consumer: consumerGroupDescribeApi,
  share: shareGroupDescribeApi,
  streams: streamsGroupDescribeApi,
}

// By how many there are in the world: most groups are found by the first request.
const allTypes: readonly GroupType[] = ['classic', 'consumer', 'share', 'streams']

export async function describeGroups(
  call: Call,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<Outcomes<GroupDescription>> {
  const outcomes = new Map<string, Outcome<GroupDescription>>(
    groupIds.map((id) => [id, failed(new KafkaError(notFound, `${notFound}: group '${id}' isn't there`))]),
  )
  const types = options.types ?? allTypes
  // A broker may have the request for a type and not the type, which its settings switch on.
  const notHere = new Set<ErrorName>(types.length === 1 ? [notFound] : [notFound, 'UNSUPPORTED_VERSION'])
  let left = groupIds
  for (const type of types) {
    const found = await describeOfType(call, type, left, options)
    const isHere = (id: string): boolean => {
      const outcome = found.get(id)
      return outcome !== undefined && (outcome.ok || !notHere.has(outcome.error.error))
    }
    for (const [id, outcome] of found) if (isHere(id)) outcomes.set(id, outcome)
    left = left.filter((id) => !isHere(id))
    if (left.length === 0) break
  }
  return outcomes
}

const notFound = 'GROUP_ID_NOT_FOUND'

const describeOfType = (
  call: Call,
  type: GroupType,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<Outcomes<GroupDescription>> =>
  askEach<string, GroupDescription, string>(call, {
    items: groupIds,
    key: (id) => id,
    route: toCoordinators('group', (id) => id),
    again: coordinatorMoved,
    send: async (connection, items, brokerId) => {
      // A broker that doesn't know a type has no groups of it, unless only that was asked for.
      const isKnown = options.types?.length === 1 || connection.supports(apis[type])
      if (!isKnown) return items.map((id) => [id, failed(new KafkaError(notFound))])
      const asking: Asking = { call, connection, items, coordinator: brokerId, options }
      return describe[type](asking)
    },
  })

interface Asking {
  readonly call: Call
  readonly connection: Connection
  readonly items: readonly string[]
  readonly coordinator: number
  readonly options: DescribeGroupsOptions
}

type Described = Promise<(readonly [string, Outcome<GroupDescription>])[]>

const describe: Readonly<Record<GroupType, (asking: Asking) => Described>> = {
  classic: describeClassic,
  consumer: describeConsumer,
  share: describeShare,
  streams: describeStreams,
}

async function describeClassic({ call, connection, items, coordinator, options }: Asking): Described {
  const includeAuthorizedOperations = options.includeAuthorizedOperations ?? false
  const response = await request(call, connection, describeGroupsApi, (version) => ({
    groups: items,
    ...(version >= 3 ? { includeAuthorizedOperations } : {}),
  }))
  const from = { connection, api: describeGroupsApi.name }
  return response.groups.map((group) => {
    // Brokers say "Dead" of a group that isn't there, or that is of another type.
    const code = group.groupState === 'Dead' ? errorCode(notFound) : group.errorCode
    const value = (): GroupDescription => ({
      type: 'classic',
      groupId: group.groupId,
      state: group.groupState,
      protocolType: group.protocolType,
      protocol: group.protocolData,
      coordinator,
      authorizedOperations: operationsOf(group.authorizedOperations),
      members: group.members.map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        assignment: group.protocolType === 'consumer' ? assigned(member.memberAssignment) : [],
        metadata: Uint8Array.from(member.memberMetadata),
        assignmentBytes: Uint8Array.from(member.memberAssignment),
      })),
    })
    return [group.groupId, outcomeOf(code, group.errorMessage, { ...from, about: group.groupId }, value)]
  })
}

// Another client's bytes: what can't be read is shown as nothing, not as a failure of the whole group.
function assigned(bytes: Uint8Array): readonly TopicPartition[] {
  try {
    return decodeAssignment(bytes).partitions
  } catch (error) {
    if (error instanceof WireError) return []
    throw error
  }
}

interface AssignmentAnswer {
  readonly topicPartitions: readonly { readonly topicName: string; readonly partitions: readonly number[] }[]
}

const partitionsOf = ({ topicPartitions }: AssignmentAnswer): TopicPartition[] =>
  topicPartitions.flatMap(({ topicName: topic, partitions }) => partitions.map((partition) => ({ topic, partition })))

interface GroupAnswer {
  readonly groupId: string
  readonly errorCode: number
  readonly errorMessage: string | null
}

interface Question {
  readonly groupIds: readonly string[]
  readonly includeAuthorizedOperations: boolean
}

/** Asks by the request that is made for a type of group. */
async function describeBy<Req, Res extends { readonly groups: readonly GroupAnswer[] }, ResIn>(
  { call, connection, items, options }: Asking,
  api: Api<Req, Res, Question, ResIn>,
  show: (group: Res['groups'][number]) => GroupDescription,
): Described {
  const includeAuthorizedOperations = options.includeAuthorizedOperations ?? false
  const response = await request(call, connection, api, { groupIds: items, includeAuthorizedOperations })
  const from = { connection, api: api.name }
  return response.groups.map((group) => [
    group.groupId,
    outcomeOf(group.errorCode, group.errorMessage, { ...from, about: group.groupId }, () => show(group)),
  ])
}

function describeConsumer(asking: Asking): Described {
  return describeBy(asking, consumerGroupDescribeApi, (group) => ({
    type: 'consumer',
    protocolType: 'consumer',
    ...epochGroup(group, asking),
    members: group.members.map((member) => ({
      ...epochMember(member),
      groupInstanceId: member.instanceId,
      // Brokers say '' of a member that has none.
      subscribedTopicRegex: member.subscribedTopicRegex === '' ? null : member.subscribedTopicRegex,
      target: partitionsOf(member.targetAssignment),
      classic: member.memberType < 0 ? null : member.memberType === 0,
    })),
  }))
}

function describeShare(asking: Asking): Described {
  return describeBy(asking, shareGroupDescribeApi, (group) => ({
    type: 'share',
    protocolType: 'share',
    ...epochGroup(group, asking),
    members: group.members.map((member) => ({ ...epochMember(member), groupInstanceId: null })),
  }))
}

function describeStreams(asking: Asking): Described {
  return describeBy(asking, streamsGroupDescribeApi, (group) => streamsGroup(group, asking.coordinator))
}

type EpochGroup = Omit<ShareGroupDescribeResponse['groups'][number], 'members'>
type EpochMember = ShareGroupDescribeResponse['groups'][number]['members'][number]

// What groups have in common whose members go from epoch to epoch by themselves.
const epochGroup = (group: EpochGroup, { coordinator }: Asking) => ({
  groupId: group.groupId,
  state: group.groupState,
  protocol: group.assignorName,
  coordinator,
  groupEpoch: group.groupEpoch,
  assignmentEpoch: group.assignmentEpoch,
  authorizedOperations: operationsOf(group.authorizedOperations),
})

const epochMember = (member: EpochMember) => ({
  memberId: member.memberId,
  clientId: member.clientId,
  clientHost: member.clientHost,
  memberEpoch: member.memberEpoch,
  rackId: member.rackId,
  subscribedTopics: member.subscribedTopicNames,
  assignment: partitionsOf(member.assignment),
})
