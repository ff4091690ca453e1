import { initProducerIdApi } from '@millrace/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { throwOnError } from '../cluster/cluster.ts'
import { retry } from '../cluster/retry.ts'
import type { ProducerIdentity } from './partition-lane.ts'

/** Asks the cluster who this producer is, for as long as `timeoutMs` while that fails in a way that may pass. */
export function askProducerIdentity(
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
