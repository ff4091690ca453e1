import { Traffic } from '@millrace/connection'

/**
 * What went over connections since the client was made: Kafka's names in camelCase, totals in requests and bytes, times
 * in milliseconds. Averages and maxima are over all that time, not over a window as in Kafka.
 */
export interface ConnectionMetrics {
  /** Connections that are open now. */
  readonly connectionCount: number
  readonly connectionCreationTotal: number
  readonly connectionCloseTotal: number
  readonly successfulAuthenticationTotal: number
  readonly successfulReauthenticationTotal: number
  readonly failedAuthenticationTotal: number
  readonly requestTotal: number
  readonly responseTotal: number
  readonly outgoingByteTotal: number
  readonly incomingByteTotal: number
  /** From a request's write to its answer; 0 before the first. */
  readonly requestLatencyAvg: number
  readonly requestLatencyMax: number
  /** How long brokers asked to be left alone for a quota's sake, per answer (Kafka's `produce-throttle-time-avg` and its kin). */
  readonly throttleTimeAvg: number
  readonly throttleTimeMax: number
}

/** Of one client, and of each broker that it talked to. */
export interface ClientMetrics extends ConnectionMetrics {
  /** Seconds since the last answer about all topics in use; -1 before the first. */
  readonly metadataAge: number
  /** By `host:port`. */
  readonly nodes: Readonly<Record<string, ConnectionMetrics>>
}

export function clientMetrics(traffic: ReadonlyMap<string, Traffic>, metadataAgeMs: number): ClientMetrics {
  const nodes = Object.fromEntries([...traffic].map(([address, each]) => [address, metricsOf(each)]))
  const metadataAge = Number.isFinite(metadataAgeMs) ? metadataAgeMs / 1_000 : -1
  return { ...metricsOf(Traffic.sum(traffic.values())), metadataAge, nodes }
}

const metricsOf = (traffic: Traffic): ConnectionMetrics => ({
  connectionCount: traffic.connectionsMade - traffic.connectionsClosed,
  connectionCreationTotal: traffic.connectionsMade,
  connectionCloseTotal: traffic.connectionsClosed,
  successfulAuthenticationTotal: traffic.authentications,
  successfulReauthenticationTotal: traffic.reauthentications,
  failedAuthenticationTotal: traffic.authenticationsFailed,
  requestTotal: traffic.requests,
  responseTotal: traffic.responses,
  outgoingByteTotal: traffic.bytesOut,
  incomingByteTotal: traffic.bytesIn,
  requestLatencyAvg: traffic.responses === 0 ? 0 : traffic.latencySumMs / traffic.responses,
  requestLatencyMax: traffic.latencyMaxMs,
  throttleTimeAvg: traffic.responses === 0 ? 0 : traffic.throttledSumMs / traffic.responses,
  throttleTimeMax: traffic.throttledMaxMs,
})
