import { WireError, consumerProtocolSubscription } from '@millrace/protocol'
import type { MemberProtocol } from './state.ts'

/** The protocol type of consumers: for it alone the coordinator looks into what members send. */
export const consumerProtocolType = 'consumer'

const int16At = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getInt16(at)
const int32At = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getInt32(at)

/** Where the fields end that every version has: the topics and the user data. */
function endOfFirstVersion(bytes: Uint8Array): number {
  const need = (end: number): number => {
    if (end > bytes.length) throw new RangeError(`a subscription of ${bytes.length} bytes ends before byte ${end}`)
    return end
  }
  let at = need(6)
  for (let left = int32At(bytes, 2); left > 0; left -= 1) {
    need(at + 2)
    at = need(at + 2 + Math.max(0, int16At(bytes, at)))
  }
  need(at + 4)
  return need(at + 4 + Math.max(0, int32At(bytes, at)))
}

/**
 * Topics of a consumer's subscription; null where it doesn't parse. Only what version 0 has is read, which every
 * version begins with: some clients' later versions are not quite Kafka's.
 */
export function subscribedTopicsOf(metadata: Uint8Array): readonly string[] | null {
  try {
    const prefix = metadata.subarray(2, endOfFirstVersion(metadata))
    return consumerProtocolSubscription.decode(prefix, 0).topics
  } catch (error) {
    if (error instanceof WireError || error instanceof RangeError) return null
    throw error
  }
}

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
    const topics = protocol === undefined ? null : subscribedTopicsOf(protocol.metadata)
    if (topics === null) return null
    for (const topic of topics) all.add(topic)
  }
  return all
}
