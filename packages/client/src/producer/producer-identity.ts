import { initProducerIdApi } from '@millrace/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { throwOnError } from '../cluster/cluster.ts'
import { retry } from '../cluster/retry.ts'
import type { ProducerIdentity } from './partition-lane.ts'

/** Who this producer is: asked for when it is first needed, and again when a partition has used up the epochs of it. */
export class OwnIdentity {
  readonly #cluster: Cluster
  readonly #timeoutMs: number
  #current: ProducerIdentity | undefined
  /** One that a partition has no epochs left of. */
  #usedUp: ProducerIdentity | undefined
  #failure: unknown
  #isAsked = false

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
  }

  get current(): ProducerIdentity | undefined {
    return this.#current
  }

  /** Whether there is none, or another one is needed. */
  get isWanted(): boolean {
    return this.#current === this.#usedUp
  }

  get isAsked(): boolean {
    return this.#isAsked
  }

  /** Why it couldn't be had, the last time. */
  get failure(): unknown {
    return this.#failure
  }

  /** Another one is needed. Partitions that aren't at their last epoch keep the one that they have. */
  renew(): void {
    this.#usedUp = this.#current
  }

  /** Rejects where it can't be had in time. */
  async ask(): Promise<void> {
    this.#isAsked = true
    try {
      this.#current = await askProducerIdentity(this.#cluster, this.#timeoutMs, (error) => (this.#failure = error))
    } finally {
      this.#isAsked = false
    }
  }
}

/** Asks the cluster who this producer is, for as long as `timeoutMs` while that fails in a way that may pass. */
function askProducerIdentity(
  cluster: Cluster,
  timeoutMs: number,
  onFailure: (error: unknown) => void,
): Promise<ProducerIdentity> {
  const { closing, settings } = cluster
  const ask = async (): Promise<ProducerIdentity> => {
    const connection = await cluster.anyConnection(closing)
    const body = { transactionalId: null, transactionTimeoutMs: 0x7fff_ffff }
    const { errorCode, producerId, producerEpoch } = await connection.request(initProducerIdApi, body, {
      signal: closing,
    })
    throwOnError(errorCode, connection, initProducerIdApi.name)
    return { producerId, producerEpoch }
  }
  return retry(settings, ask, { signal: closing, timeoutMs, onFailure })
}
