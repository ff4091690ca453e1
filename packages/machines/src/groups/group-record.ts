import { protocolMetadata } from './protocols.ts'
import type { GroupRecord } from './record.ts'
import type { LiveGroup, LiveMember, StoredMember } from './state.ts'

/** The group as it is: what a coordinator that takes over will know of it. */
export const groupRecord = (group: LiveGroup): GroupRecord => ({
  kind: 'group',
  groupId: group.groupId,
  value: {
    protocolType: group.protocolType ?? '',
    protocolName: group.protocolName,
    generation: group.generation,
    leaderId: group.leaderId,
    stateSinceMs: group.phaseSinceMs,
    members: [...group.members.values()].map((member) => storedMember(member, group.protocolName)),
  },
})

const storedMember = (member: LiveMember, protocolName: string | null): StoredMember => ({
  memberId: member.memberId,
  groupInstanceId: member.groupInstanceId,
  clientId: member.clientId,
  clientHost: member.clientHost,
  rebalanceTimeoutMs: member.rebalanceTimeoutMs,
  sessionTimeoutMs: member.sessionTimeoutMs,
  subscription: protocolMetadata(member, protocolName),
  assignment: member.assignment,
})

/** A group that was heard of for the first time and has nobody yet. */
export const newGroupRecord = (group: LiveGroup): GroupRecord => ({
  kind: 'group',
  groupId: group.groupId,
  value: {
    protocolType: '',
    protocolName: null,
    generation: 0,
    leaderId: null,
    stateSinceMs: group.phaseSinceMs,
    members: [],
  },
})

export const groupTombstone = (groupId: string): GroupRecord => ({ kind: 'group', groupId, value: null })
