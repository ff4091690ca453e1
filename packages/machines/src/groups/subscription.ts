import { WireError } from '@millrace/protocol'
import { subscribedTopicsOf } from '../assignors/consumer-protocol.ts'
import type { MemberProtocol } from './state.ts'

/** The protocol type of consumers: for it alone the coordinator looks into what members send. */
export const consumerProtocolType = 'consumer'

/** What all members together subscribe to; null where that isn't known: another protocol, or one that doesn't parse. */
export function subscribedTopics(
  protocolType: string | null,
  protocolName: string | null,
  members: Iterable<{ readonly protocols: readonly MemberProtocol[] }>,
): ReadonlySet<string> | null {
  if (protocolType !== consumerProtocolType) return null
  const all = new Set<string>()
  for (const member of members) {
    const protocol = member.protocols.find(({ name }) => name === protocolName)
    const topics = protocol === undefined ? null : readableTopics(protocol.metadata)
    if (topics === null) return null
    for (const topic of topics) all.add(topic)
  }
  return all
}

function readableTopics(metadata: Uint8Array): readonly string[] | null {
  try {
    return subscribedTopicsOf(metadata)
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}
