import { errorMessage } from '@millrace/kernel'
import { fetchApi } from '@millrace/protocol'
import type { Cluster } from '../../cluster/cluster.ts'
import type { FetchSession } from './fetch-session.ts'
import { closingFetch } from './fetch-session.ts'

/** Nobody waits longer than this for brokers that they have forgotten us: it only saves them memory. */
const closeSessionsMs = 250

/** Tells brokers that what they keep of our fetches may go (KIP-227). Never rejects. */
export async function closeSessions(cluster: Cluster, sessions: ReadonlyMap<number, FetchSession>): Promise<void> {
  const { settings } = cluster
  const late = new AbortController()
  const timer = settings.clock.setTimer(closeSessionsMs, () => late.abort(new Error('the consumer is closed')))
  const { signal } = late
  const close = async (broker: number, sessionId: number): Promise<void> => {
    try {
      // Not behind a fetch that waits for records.
      const connection = await cluster.connection(broker, 'main', signal)
      await connection.request(fetchApi, (version) => closingFetch(version, sessionId), { signal })
    } catch (error) {
      settings.logger.debug('a fetch session was not closed', { broker, error: errorMessage(error) })
    }
  }
  const open = [...sessions].filter(([, { id }]) => id !== 0)
  await Promise.all(open.map(([broker, { id }]) => close(broker, id)))
  timer.cancel()
}
