import type { ErrorName } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { DescribeGroupsCommand, DescribedGroup, ListGroupsCommand, ListedGroup } from './command.ts'
import type { GroupDecision } from './decision.ts'
import { answerOnly } from './draft.ts'
import { findGroup } from './live-group.ts'
import { protocolMetadata } from './protocols.ts'
import type { GroupsState, LiveGroup, LiveMember } from './state.ts'

/** From this version on a group that isn't there has an error, and not just the state Dead. */
const groupNotFoundVersion = 6

const authorizedOperationsNotAsked = -2_147_483_648

/** DescribeGroups: states and members; what members sent is shown of a stable group only. */
export function describeGroups(state: GroupsState, command: DescribeGroupsCommand): GroupDecision {
  const body = command.groupIds.map((groupId) => {
    const group = findGroup(state, groupId)
    return group === undefined ? absentGroup(state, groupId, command.apiVersion) : describedGroup(group)
  })
  return answerOnly(command.token, { kind: 'describeGroups', body })
}

const blank = (groupId: string): DescribedGroup => ({
  errorCode: errorCode('NONE'),
  errorMessage: null,
  groupId,
  groupState: '',
  protocolType: '',
  protocolData: '',
  members: [],
  authorizedOperations: authorizedOperationsNotAsked,
})

function absentGroup({ durable }: GroupsState, groupId: string, apiVersion: number): DescribedGroup {
  const group: DescribedGroup = { ...blank(groupId), groupState: 'Dead' }
  if (apiVersion < groupNotFoundVersion) return group
  const errorMessage = durable.foreign.has(groupId)
    ? `Group ${groupId} is not a classic group.`
    : `Group ${groupId} not found.`
  return { ...group, errorCode: errorCode('GROUP_ID_NOT_FOUND'), errorMessage }
}

const describedGroup = (group: LiveGroup): DescribedGroup => ({
  ...blank(group.groupId),
  groupState: group.phase,
  protocolType: group.protocolType ?? '',
  protocolData: group.phase === 'Stable' ? (group.protocolName ?? '') : '',
  members: [...group.members.values()].map((member) => describedMember(group, member)),
})

const describedMember = (group: LiveGroup, member: LiveMember): DescribedGroup['members'][number] => ({
  memberId: member.memberId,
  groupInstanceId: member.groupInstanceId,
  clientId: member.clientId,
  clientHost: member.clientHost,
  memberMetadata: group.phase === 'Stable' ? protocolMetadata(member, group.protocolName) : new Uint8Array(0),
  memberAssignment: member.assignment,
})

/** The same error for every group that was asked for. */
export const describeError = (groupIds: readonly string[], error: ErrorName): DescribedGroup[] =>
  groupIds.map((groupId) => ({ ...blank(groupId), errorCode: errorCode(error) }))

/** ListGroups: all of this partition's, or those in one of the states and of one of the types; case doesn't matter. */
export function listGroups(state: GroupsState, command: ListGroupsCommand): GroupDecision {
  const states = lowerCase(command.statesFilter)
  const types = lowerCase(command.typesFilter)
  const body = allGroups(state).filter(
    ({ groupState, groupType }) => matches(states, groupState) && matches(types, groupType),
  )
  return answerOnly(command.token, { kind: 'listGroups', body })
}

const lowerCase = (filter: readonly string[]): ReadonlySet<string> =>
  new Set(filter.map((text) => text.trim().toLowerCase()))

const matches = (filter: ReadonlySet<string>, value: string): boolean =>
  filter.size === 0 || filter.has(value.toLowerCase())

function allGroups(state: GroupsState): ListedGroup[] {
  const { groups, foreign } = state.durable
  const classic = [...groups.values()].map(({ groupId, protocolType, members }): ListedGroup => {
    const live = state.volatile.live.get(groupId)
    const stored = members.length === 0 ? 'Empty' : 'Stable'
    return {
      groupId,
      protocolType: live === undefined ? protocolType : (live.protocolType ?? ''),
      groupState: live?.phase ?? stored,
      groupType: 'classic',
    }
  })
  const others = [...foreign].map(([groupId, { type }]): ListedGroup => ({
    groupId,
    protocolType: type,
    groupState: 'Empty',
    groupType: type,
  }))
  return [...classic, ...others]
}
