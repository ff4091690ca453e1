import type { Call } from './call.ts'
import { retrying } from './call.ts'

/** The ids of all brokers that are up now. */
export function allBrokers(call: Call): Promise<number[]> {
  return retrying(call, async () => {
    await call.cluster.refresh([], call.signal)
    return [...call.cluster.image.brokers.keys()].toSorted((a, b) => a - b)
  })
}
