import type { RequestContext } from '../dispatch/handler.ts'
import type { Endpoint } from './endpoints.ts'

export interface LeaderIdAndEpoch {
  readonly leaderId: number
  readonly leaderEpoch: number
}

/**
 * KIP-951: with "not the leader" goes who is, and where, so that the client needn't ask. Collects the endpoints of
 * the leaders that one response names, as they are when it is written: it may be a new leader that ended a request's wait.
 */
export class LeaderHints {
  readonly #context: RequestContext
  readonly #endpoints = new Map<number, Endpoint>()

  constructor(context: RequestContext) {
    this.#context = context
  }

  get nodeEndpoints(): Endpoint[] {
    return [...this.#endpoints.values()]
  }

  leaderOf(topic: string, partition: number): LeaderIdAndEpoch | undefined {
    const { connection, services } = this.#context
    const image = services.images.current
    const known = image.topicsByName.get(topic)?.partitions[partition]
    if (known === undefined) return undefined
    const endpoint = services.endpoints.of(known.leader, image, connection)
    if (endpoint !== undefined) this.#endpoints.set(endpoint.nodeId, endpoint)
    return { leaderId: known.leader, leaderEpoch: known.leaderEpoch }
  }
}
