import { inRange, oneOf, wholeInRange, wrong } from './checked.ts'
import { systemClock } from '@millrace/connection'
import type { Clock, Logger } from '@millrace/kernel'
import type { ClientOptions, DnsLookup } from '../client-options.ts'
import { loggerOf } from './logger.ts'
import { type Security, securityOf, tellsPassword } from './security.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** A client's options with everything decided. */
export interface Settings {
  readonly bootstrap: readonly Address[]
  readonly clientId: string
  readonly security: Security
  readonly dnsLookup: DnsLookup
  readonly connectTimeoutMs: number
  readonly connectTimeoutMaxMs: number
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  readonly connectionsMaxIdleMs: number
  readonly requestTimeoutMs: number
  readonly apiTimeoutMs: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly metadataMaxAgeMs: number
  readonly metadataRecovery: 'rebootstrap' | 'none'
  readonly rebootstrapTriggerMs: number
  readonly logger: Logger
  readonly clock: Clock
}

export function settingsOf(options: ClientOptions): Settings {
  const clientId = options.clientId ?? 'millrace'
  if (typeof clientId !== 'string') throw wrong('clientId', clientId, 'text')
  const logger = loggerOf(options.logger, clientId)
  const security = securityOf(options)
  if (tellsPassword(security)) logger.warn('SASL PLAIN without TLS sends the password for all to read')
  return {
    bootstrap: parseServers(options.bootstrapServers),
    clientId,
    security,
    dnsLookup: oneOf('clientDnsLookup', options.clientDnsLookup, [
      'use_all_dns_ips',
      'resolve_canonical_bootstrap_servers_only',
    ]),
    connectTimeoutMs: inRange('socketConnectionSetupTimeoutMs', options.socketConnectionSetupTimeoutMs, 10_000, 1),
    connectTimeoutMaxMs: inRange(
      'socketConnectionSetupTimeoutMaxMs',
      options.socketConnectionSetupTimeoutMaxMs,
      30_000,
      1,
    ),
    reconnectBackoffMs: inRange('reconnectBackoffMs', options.reconnectBackoffMs, 50, 0),
    reconnectBackoffMaxMs: inRange('reconnectBackoffMaxMs', options.reconnectBackoffMaxMs, 1_000, 0),
    connectionsMaxIdleMs: inRange('connectionsMaxIdleMs', options.connectionsMaxIdleMs, 540_000, -Infinity),
    requestTimeoutMs: wholeInRange('requestTimeoutMs', options.requestTimeoutMs, 30_000, 1),
    apiTimeoutMs: inRange('defaultApiTimeoutMs', options.defaultApiTimeoutMs, 60_000, 0),
    retryBackoffMs: inRange('retryBackoffMs', options.retryBackoffMs, 100, 0),
    retryBackoffMaxMs: inRange('retryBackoffMaxMs', options.retryBackoffMaxMs, 1_000, 0),
    metadataMaxAgeMs: inRange('metadataMaxAgeMs', options.metadataMaxAgeMs, 300_000, 0),
    metadataRecovery: oneOf('metadataRecoveryStrategy', options.metadataRecoveryStrategy, ['rebootstrap', 'none']),
    rebootstrapTriggerMs: inRange(
      'metadataRecoveryRebootstrapTriggerMs',
      options.metadataRecoveryRebootstrapTriggerMs,
      300_000,
      0,
    ),
    logger,
    clock: systemClock,
  }
}

const defaultPort = 9092

/** `host`, `host:port`, `[::1]:port`, and lists of them. */
export function parseServers(servers: string | readonly string[]): Address[] {
  const list = typeof servers === 'string' ? servers.split(',') : servers
  const texts = Array.isArray(list) ? list.map((each) => String(each).trim()) : []
  const addresses = texts.filter((each) => each !== '').map(parseServer)
  if (addresses.length > 0) return addresses
  throw new RangeError(`bootstrapServers names no broker: got '${String(servers)}', expected host:port,host:port`)
}

function parseServer(text: string): Address {
  const match = /^(?:[A-Z_]+:\/\/)?(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3] ?? defaultPort)
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RangeError(`not a broker's address: got '${text}', expected host:port`)
  }
  return { host, port }
}
