import { assert } from '@millrace/kernel'
import { inHashMapOrder } from '../assignors/hash-map-order.ts'
import type { LiveGroup, LiveMember, MemberProtocol } from './state.ts'

export const protocolMetadata = (member: LiveMember, name: string | null): Uint8Array => {
  const protocol = member.protocols.find((candidate) => candidate.name === name)
  assert(protocol !== undefined, `member ${member.memberId} doesn't have the group's protocol ${String(name)}`)
  return protocol.metadata
}

/** Whether a member with these protocols can be in the group: it needs one that all members have. */
export function supportsProtocols(
  group: LiveGroup,
  protocolType: string,
  protocols: readonly MemberProtocol[],
): boolean {
  if (group.phase === 'Empty') return protocolType !== '' && protocols.length > 0
  if (group.protocolType !== protocolType) return false
  const common = commonProtocols(group)
  return protocols.some(({ name }) => common === null || common.has(name))
}

/** Names that every member has; null where there is no member. */
function commonProtocols(group: LiveGroup): ReadonlySet<string> | null {
  const [first, ...others] = [...group.members.values()].map(protocolNames)
  if (first === undefined) return null
  return new Set([...first].filter((name) => others.every((names) => names.has(name))))
}

const protocolNames = (member: LiveMember): ReadonlySet<string> => new Set(member.protocols.map(({ name }) => name))

/** Each member votes for the first of its protocols that all have; most votes win. */
export function selectProtocol(group: LiveGroup): string {
  const common = commonProtocols(group) ?? new Set()
  const votes = new Map<string, number>()
  for (const member of group.members.values()) {
    const vote = member.protocols.find(({ name }) => common.has(name))?.name
    assert(vote !== undefined, `group ${group.groupId} has no protocol that all members have`)
    votes.set(vote, (votes.get(vote) ?? 0) + 1)
  }
  // With as many votes for two of them Apache Kafka takes the one that a Java map has first.
  const [first, ...others] = inHashMapOrder(votes.keys())
  assert(first !== undefined, `group ${group.groupId} has nobody to vote`)
  return others.reduce((best, name) => ((votes.get(name) ?? 0) > (votes.get(best) ?? 0) ? name : best), first)
}

/** The same protocols in the same order with the same metadata: the member came for nothing new. */
export const sameProtocols = (a: readonly MemberProtocol[], b: readonly MemberProtocol[]): boolean =>
  a.length === b.length && a.every((protocol, i) => sameProtocol(protocol, b[i]))

const sameProtocol = (a: MemberProtocol, b: MemberProtocol | undefined): boolean =>
  b !== undefined && a.name === b.name && sameBytes(a.metadata, b.metadata)

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])
