import type { ClientMetrics } from '../cluster/client-metrics.ts'
import type { ClusterApi } from './cluster-api.ts'
import type { ConfigsApi } from './configs-api.ts'
import type { GroupsApi } from './groups-api.ts'
import type { OffsetsApi } from './offsets-api.ts'
import type { ReplicasApi } from './replicas-api.ts'
import type { SecurityApi } from './security-api.ts'
import type { TopicsApi } from './topics-api.ts'
import type { TransactionsApi } from './transactions-api.ts'

/**
 * What `Admin` offers. A call about one thing gives it, or rejects. A call about many gives an outcome for each: under
 * its name, or in the order given where it has none. Such a call rejects only where nobody answered for any of them:
 * the brokers couldn't be reached, are too old, or refused the request as a whole. A listing of all there is gives all
 * of it or rejects.
 */
export interface AdminApi
  extends TopicsApi, ConfigsApi, GroupsApi, OffsetsApi, ReplicasApi, TransactionsApi, SecurityApi, ClusterApi {
  /**
   * What went over its connections so far, in all and by broker; costs nothing but the call.
   *
   * @example const { requestTotal, requestLatencyMax } = admin.metrics()
   */
  metrics(): ClientMetrics
  /**
   * Disconnects; calls that wait are rejected with a ClientClosedError, and so is what is called later.
   *
   * @example await admin.close()
   */
  close(): Promise<void>
}
