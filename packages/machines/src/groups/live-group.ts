import { assert } from '@millrace/kernel'
import type { GroupsState, LiveGroup, LiveMember, StoredGroup, StoredMember } from './state.ts'
import { subscribedTopics } from './subscription.ts'

export const noAssignment = new Uint8Array(0)

/** The group as it is now; undefined where there is none, or one of another type. */
export function findGroup(state: GroupsState, groupId: string): LiveGroup | undefined {
  const live = state.volatile.live.get(groupId)
  if (live !== undefined) return live
  const stored = state.durable.groups.get(groupId)
  return stored === undefined ? undefined : liveFromStored(stored)
}

/** A group that nobody heard of before. */
export const newGroup = (groupId: string, nowMs: number): LiveGroup => ({
  groupId,
  phase: 'Empty',
  fromEmpty: false,
  phaseSinceMs: nowMs,
  protocolType: null,
  protocolName: null,
  generation: 0,
  leaderId: null,
  members: new Map(),
  pendingJoin: new Set(),
  pendingSync: new Set(),
  newMemberAdded: false,
  subscribedTopics: null,
})

/** A group as it comes out of the log: its members are taken to be alive until their sessions say otherwise. */
export function liveFromStored(stored: StoredGroup): LiveGroup {
  const protocolName = stored.members.length === 0 ? stored.protocolName : (stored.protocolName ?? '')
  const members = new Map(stored.members.map((member) => [member.memberId, liveMember(member, protocolName)] as const))
  const protocolType = stored.protocolType === '' ? null : stored.protocolType
  return {
    ...newGroup(stored.groupId, stored.stateSinceMs),
    phase: members.size === 0 ? 'Empty' : 'Stable',
    protocolType,
    protocolName,
    generation: stored.generation,
    leaderId: stored.leaderId,
    members,
    subscribedTopics: subscribedTopics(protocolType, protocolName, members.values()),
  }
}

const liveMember = ({ subscription, ...member }: StoredMember, protocolName: string | null): LiveMember => ({
  ...member,
  protocols: [{ name: protocolName ?? '', metadata: subscription }],
  joining: null,
  syncing: null,
  isNew: false,
})

export function memberOf(group: LiveGroup, memberId: string): LiveMember {
  const member = group.members.get(memberId)
  assert(member !== undefined, `member ${memberId} of group ${group.groupId} isn't there`)
  return member
}

/** The id of the member that has this group.instance.id. */
export function staticMemberId(group: LiveGroup, groupInstanceId: string): string | undefined {
  for (const member of group.members.values()) {
    if (member.groupInstanceId === groupInstanceId) return member.memberId
  }
  return undefined
}

export const withMember = (group: LiveGroup, member: LiveMember): LiveGroup => ({
  ...group,
  members: new Map(group.members).set(member.memberId, member),
})

/** The same change to every member. */
export const withEachMember = (group: LiveGroup, change: (member: LiveMember) => LiveMember): LiveGroup => ({
  ...group,
  members: new Map([...group.members].map(([memberId, member]) => [memberId, change(member)])),
})

export function addMember(group: LiveGroup, member: LiveMember, protocolType: string): LiveGroup {
  return {
    ...withMember(group, member),
    protocolType: group.members.size === 0 ? protocolType : group.protocolType,
    leaderId: group.leaderId ?? member.memberId,
    pendingJoin: without(group.pendingJoin, member.memberId),
  }
}

/** Of a member that is there, and of an id that was only handed out. */
export function removeMember(group: LiveGroup, memberId: string): LiveGroup {
  const members = new Map(group.members)
  members.delete(memberId)
  return {
    ...group,
    members,
    leaderId: group.leaderId === memberId ? (firstKey(members) ?? null) : group.leaderId,
    pendingJoin: without(group.pendingJoin, memberId),
    pendingSync: without(group.pendingSync, memberId),
  }
}

/** A static member that came back under a new id: in the old one's place, with its assignment. */
export function renameMember(group: LiveGroup, oldId: string, newId: string): LiveGroup {
  const renamed = { ...memberOf(group, oldId), memberId: newId, joining: null, syncing: null, isNew: false }
  const members = [...group.members].map(([id, member]) => (id === oldId ? ([newId, renamed] as const) : [id, member]))
  return {
    ...group,
    members: new Map(members as (readonly [string, LiveMember])[]),
    leaderId: group.leaderId === oldId ? newId : group.leaderId,
    pendingSync: new Set([...group.pendingSync].map((id) => (id === oldId ? newId : id))),
  }
}

export function without<T>(set: ReadonlySet<T>, value: T): ReadonlySet<T> {
  if (!set.has(value)) return set
  const smaller = new Set(set)
  smaller.delete(value)
  return smaller
}

const firstKey = (members: ReadonlyMap<string, LiveMember>): string | undefined => members.keys().next().value

export function countJoining(group: LiveGroup): number {
  let count = 0
  for (const member of group.members.values()) if (member.joining !== null) count += 1
  return count
}

export const allJoined = (group: LiveGroup): boolean =>
  group.pendingJoin.size === 0 && countJoining(group) === group.members.size

/** The longest that any of its members asked for. */
export function rebalanceTimeoutMs(group: LiveGroup): number {
  let longestMs = 0
  for (const member of group.members.values()) longestMs = Math.max(longestMs, member.rebalanceTimeoutMs)
  return longestMs
}

/** A member that waits for the others doesn't heartbeat; one that doesn't know its id yet can't. */
export const needsNoHeartbeat = (member: LiveMember): boolean =>
  !member.isNew && (member.joining !== null || member.syncing !== null)
