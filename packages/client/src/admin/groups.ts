import { deleteGroupsApi, leaveGroupApi, listGroupsApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import { listAll } from './all-brokers.ts'
import { describeGroups } from './group-descriptions.ts'
import type { GroupListing, GroupState, GroupType, ListGroupsOptions, MemberRef } from './groups-api.ts'
import { wordIn } from './names.ts'
import { doneOrNot, valueOf } from './outcome.ts'
import type { Outcomes } from './outcome-types.ts'
import { request } from './request.ts'
import { coordinatorMoved, toCoordinators } from './routes.ts'

// The first versions that sort out by state and by type.
const statesVersion = 4
const typesVersion = 5

export async function listGroups(call: Call, options: ListGroupsOptions): Promise<GroupListing[]> {
  const { states = [], types = [], protocolTypes } = options
  const min = types.length > 0 ? typesVersion : states.length > 0 ? statesVersion : 0
  for (const type of types) wordIn('type', groupTypes, type)
  for (const state of states) wordIn('state', groupStates, state)
  const body = (version: number) => ({
    ...(version >= statesVersion ? { statesFilter: states } : {}),
    ...(version >= typesVersion ? { typesFilter: types } : {}),
  })
  const listings = await listAll(call, async (connection) => {
    const response = await request(call, connection, listGroupsApi, body, { min })
    throwOnError(response.errorCode, connection, listGroupsApi.name)
    return response.groups.map(listingOf)
  })
  return listings
    .filter(({ protocolType }) => protocolTypes?.includes(protocolType) !== false)
    .toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1))
}

// A broker has no group of a state or a type that isn't one: who mistyped a word would take that for an answer.
const groupTypes: Readonly<Record<GroupType, true>> = { classic: true, consumer: true, share: true, streams: true }
const groupStates: Readonly<Record<GroupState, true>> = {
  PreparingRebalance: true,
  CompletingRebalance: true,
  Stable: true,
  Dead: true,
  Empty: true,
  Assigning: true,
  Reconciling: true,
  NotReady: true,
}

type ListingAnswer = ReturnType<typeof listGroupsApi.response.decode>['groups'][number]

const listingOf = ({ groupId, protocolType, groupState, groupType }: ListingAnswer): GroupListing => ({
  groupId,
  protocolType,
  state: groupState,
  type: groupType === '' ? 'classic' : groupType,
})

export const deleteGroups = (call: Call, groupIds: readonly string[]): Promise<Outcomes<null>> =>
  askEach<string, null, string>(call, {
    items: groupIds,
    key: (id) => id,
    route: toCoordinators('group', (id) => id),
    again: coordinatorMoved,
    send: async (connection, items) => {
      const response = await request(call, connection, deleteGroupsApi, { groupsNames: items })
      return response.results.map(({ groupId, errorCode }) => [
        groupId,
        doneOrNot(errorCode, null, connection, deleteGroupsApi, groupId),
      ])
    },
  })

// The first version that takes several members, and instance ids.
const membersVersion = 3

export async function removeMembers(
  call: Call,
  groupId: string,
  members: readonly MemberRef[] | undefined,
  options: { readonly reason?: string },
): Promise<Outcomes<null>> {
  return askEach<MemberRef, null, string>(call, {
    items: members ?? (await allMembers(call, groupId)),
    key: memberKey,
    route: toCoordinators('group', () => groupId),
    again: coordinatorMoved,
    send: async (connection, items) => {
      const body = (version: number) => ({
        groupId,
        members: items.map((item) => ({
          memberId: 'memberId' in item ? item.memberId : '',
          groupInstanceId: 'memberId' in item ? null : item.groupInstanceId,
          ...(version >= 5 ? { reason: options.reason ?? 'taken out by an administrator' } : {}),
        })),
      })
      const response = await request(call, connection, leaveGroupApi, body, { min: membersVersion })
      throwOnError(response.errorCode, connection, leaveGroupApi.name)
      return response.members.map(({ memberId, groupInstanceId, errorCode }) => [
        groupInstanceId ?? memberId,
        doneOrNot(errorCode, null, connection, leaveGroupApi, groupInstanceId ?? memberId),
      ])
    },
  })
}

const memberKey = (member: MemberRef): string => ('memberId' in member ? member.memberId : member.groupInstanceId)

async function allMembers(call: Call, groupId: string): Promise<MemberRef[]> {
  const described = (await describeGroups(call, [groupId], {})).get(groupId)
  const { members } = valueOf(described!)
  return members.map(({ memberId, groupInstanceId }) => (groupInstanceId === null ? { memberId } : { groupInstanceId }))
}
