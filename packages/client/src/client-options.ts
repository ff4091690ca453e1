import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { SaslOptions } from '@millrace/connection'
import type { LogFields } from '@millrace/kernel'

/**
 * Where a client writes what goes on: `error` and `warn` for a person to look at, `info` for what changes rarely,
 * `debug` for each connection and retry. pino, which takes the fields first, is known by its `bindings`.
 */
export interface ClientLogger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
}

/** How a client and its brokers talk: in the clear or by TLS, nameless (or by certificate) or by SASL. */
export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** Which addresses of a name are tried (Kafka's `client.dns.lookup`). */
export type DnsLookup = 'use_all_dns_ips' | 'resolve_canonical_bootstrap_servers_only'

/** What all clients take. Times in milliseconds; names are camelCase of Kafka's, defaults are Kafka's. */
export interface ClientOptions {
  /** `host:port`, several separated by commas or as a list. Without a port it is 9092. */
  readonly bootstrapServers: string | readonly string[]
  /** What brokers write into their logs and count quotas by; `millrace`. */
  readonly clientId?: string
  /** Kafka's `security.protocol`; default: what `tls` and `sasl` say, else PLAINTEXT. */
  readonly securityProtocol?: SecurityProtocol
  /**
   * Node's options of a TLS connection (`ca`, `cert`, `key`, `servername`, …), or true for their defaults. Default: none
   * without an SSL `securityProtocol`.
   */
  readonly tls?: boolean | TlsOptions
  /** Who the client is to brokers that ask. A password or token may be a function, called at each authentication. */
  readonly sasl?: SaslOptions
  /** How long connecting to a broker may take; 10,000. It doubles with each failure. */
  readonly socketConnectionSetupTimeoutMs?: number
  /** 30,000. */
  readonly socketConnectionSetupTimeoutMaxMs?: number
  /** How long to leave a broker alone that could not be reached; 50. It doubles with each failure. */
  readonly reconnectBackoffMs?: number
  /** Up to four fifths of this, so that a client is back within this time of its broker's return; 1,000. */
  readonly reconnectBackoffMaxMs?: number
  /** A connection without a request for so long is closed; 540,000. Negative: never. */
  readonly connectionsMaxIdleMs?: number
  /**
   * `use_all_dns_ips` (the default): all addresses of a name are tried. `resolve_canonical_bootstrap_servers_only`: so
   * are the canonical names of the addresses of `bootstrapServers`.
   */
  readonly clientDnsLookup?: DnsLookup
  /** How long one request may wait for its answer; 30,000. */
  readonly requestTimeoutMs?: number
  /** How long a call may take, retries included; 60,000. */
  readonly defaultApiTimeoutMs?: number
  /** First pause before a retry; it doubles up to four fifths of `retryBackoffMaxMs`. 100. */
  readonly retryBackoffMs?: number
  /** 1,000. */
  readonly retryBackoffMaxMs?: number
  /** After this, what is known of topics and brokers is asked for anew; 300,000. */
  readonly metadataMaxAgeMs?: number
  /** Whether to start anew from `bootstrapServers` when no known broker answers (KIP-899); `rebootstrap`. */
  readonly metadataRecoveryStrategy?: 'rebootstrap' | 'none'
  /** And when metadata could not be had for so long (KIP-1102); 300,000. */
  readonly metadataRecoveryRebootstrapTriggerMs?: number
  /** `console`, a pino logger, or anything with these four; default: silent. */
  readonly logger?: ClientLogger
}

/** What a call may be given to end it early. */
export interface CallOptions {
  /** Ends the call, which rejects with the signal's reason. */
  readonly signal?: AbortSignal
}
