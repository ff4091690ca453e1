import type { Connection } from '@millrace/connection'
import { decodeAssignment } from '@millrace/machines'
import {
  consumerGroupDescribeApi,
  deleteGroupsApi,
  describeGroupsApi,
  errorCode,
  listGroupsApi,
  WireError,
} from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { throwOnError } from '../cluster/cluster.ts'
import type { TopicPartition } from '../record.ts'
import type { Outcomes } from './admin-api.ts'
import { toBroker, toCoordinator } from './admin-calls.ts'
import { outcomeOf } from './outcome.ts'
import type { GroupDescription, GroupListing, Outcome } from './types.ts'

/** Every broker knows the groups that it coordinates. */
export async function listGroups(cluster: Cluster, options: CallOptions): Promise<GroupListing[]> {
  await cluster.refresh([], options.signal)
  const answers = await Promise.all(
    [...cluster.image.brokers.keys()].map(async (brokerId) => {
      const { response, connection } = await toBroker(cluster, brokerId, listGroupsApi, {}, options)
      throwOnError(response.errorCode, connection, listGroupsApi.name)
      return response.groups
    }),
  )
  return answers
    .flat()
    .map(({ groupId, protocolType, groupState, groupType }) => ({
      groupId,
      protocolType,
      state: groupState,
      type: groupType === '' ? 'Classic' : groupType,
    }))
    .toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1))
}

export async function describeGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: CallOptions,
): Promise<Outcomes<GroupDescription>> {
  const described = await Promise.all(
    groupIds.map(async (id): Promise<[string, Outcome<GroupDescription>]> => [
      id,
      await describe(cluster, id, options),
    ]),
  )
  return new Map(described)
}

async function describe(cluster: Cluster, groupId: string, options: CallOptions): Promise<Outcome<GroupDescription>> {
  const { response, connection } = await toCoordinator(
    cluster,
    groupId,
    describeGroupsApi,
    { groups: [groupId] },
    { ...options, codes: ({ groups }) => groups.map((each) => each.errorCode) },
  )
  const group = response.groups[0]
  const code = group?.errorCode ?? errorCode('GROUP_ID_NOT_FOUND')
  const coordinator = (await cluster.coordinator(groupId, options.signal)).id
  // Brokers say "Dead" of a group that isn't there, or that has the newer protocol.
  if (code === errorCode('GROUP_ID_NOT_FOUND') || group?.groupState === 'Dead') {
    return describeNewProtocol(cluster, groupId, coordinator, connection, options)
  }
  const from = { connection, api: describeGroupsApi.name }
  return outcomeOf(code, group?.errorMessage, from, () => ({
    groupId,
    state: group?.groupState ?? '',
    protocolType: group?.protocolType ?? '',
    protocol: group?.protocolData ?? '',
    coordinator,
    members: (group?.members ?? []).map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      assignment: group?.protocolType === 'consumer' ? assigned(member.memberAssignment) : [],
    })),
  }))
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

async function describeNewProtocol(
  cluster: Cluster,
  groupId: string,
  coordinator: number,
  classic: Connection,
  options: CallOptions,
): Promise<Outcome<GroupDescription>> {
  const notThere = (): Outcome<GroupDescription> =>
    outcomeOf(
      errorCode('GROUP_ID_NOT_FOUND'),
      `group '${groupId}' isn't there`,
      { connection: classic, api: describeGroupsApi.name },
      () => ({ groupId, state: 'Dead', protocolType: '', protocol: '', coordinator, members: [] }),
    )
  if (!classic.supports(consumerGroupDescribeApi)) return notThere()
  const { response, connection } = await toCoordinator(
    cluster,
    groupId,
    consumerGroupDescribeApi,
    { groupIds: [groupId], includeAuthorizedOperations: false },
    options,
  )
  const group = response.groups[0]
  if (group === undefined || group.errorCode === errorCode('GROUP_ID_NOT_FOUND')) return notThere()
  const from = { connection, api: consumerGroupDescribeApi.name }
  return outcomeOf(group.errorCode, group.errorMessage, from, () => ({
    groupId,
    state: group.groupState,
    protocolType: 'consumer',
    protocol: group.assignorName,
    coordinator,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      assignment: member.assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    })),
  }))
}

export async function deleteGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: CallOptions,
): Promise<Outcomes<null>> {
  const outcomes = new Map<string, Outcome<null>>()
  for (const groupId of groupIds) {
    const { response, connection } = await toCoordinator(
      cluster,
      groupId,
      deleteGroupsApi,
      { groupsNames: [groupId] },
      { ...options, codes: ({ results }) => results.map((each) => each.errorCode) },
    )
    const code = response.results[0]?.errorCode ?? errorCode('GROUP_ID_NOT_FOUND')
    outcomes.set(
      groupId,
      outcomeOf(code, null, { connection, api: deleteGroupsApi.name }, () => null),
    )
  }
  return outcomes
}
