import { deleteGroupsApi, leaveGroupApi, listGroupsApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import { allBrokers } from './all-brokers.ts'
import { describeGroups } from './group-descriptions.ts'
import type { GroupListing, ListGroupsOptions, MemberRef } from './groups-api.ts'
import { doneOrNot, succeeded, valueOf, valuesOf } from './outcome.ts'
import type { Outcomes } from './outcome-types.ts'
import { request } from './request.ts'
import { coordinatorMoved, toBrokers, toCoordinators } from './routes.ts'

// The first versions that sort out by state and by type.
const statesVersion = 4
const typesVersion = 5

export async function listGroups(call: Call, options: ListGroupsOptions): Promise<GroupListing[]> {
  const { states = [], types = [], protocolTypes } = options
  const min = types.length > 0 ? typesVersion : states.length > 0 ? statesVersion : 0
  const listings = await askEach<number, readonly GroupListing[], number>(call, {
    items: await allBrokers(call),
    key: (id) => id,
    route: toBrokers((id) => id),
    send: async (connection, [id = -1]) => {
      const body = (version: number) => ({
        ...(version >= statesVersion ? { statesFilter: states } : {}),
        ...(version >= typesVersion ? { typesFilter: types } : {}),
      })
      const response = await request(call, connection, listGroupsApi, body, { min })
      throwOnError(response.errorCode, connection, listGroupsApi.name)
      return [[id, succeeded(response.groups.map(listingOf))]]
    },
  })
  return [...valuesOf(listings).values()]
    .flat()
    .filter(({ protocolType }) => protocolTypes?.includes(protocolType) !== false)
    .toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1))
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
        doneOrNot(errorCode, null, connection, deleteGroupsApi),
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
        doneOrNot(errorCode, null, connection, leaveGroupApi),
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
