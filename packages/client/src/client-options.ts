import type { Logger } from '@millrace/kernel'

/** What all clients take. Times in milliseconds; names are camelCase of Kafka's. */
export interface ClientOptions {
  /** `host:port`, several separated by commas or as a list. */
  readonly bootstrapServers: string | readonly string[]
  readonly clientId?: string
  /** How long one request may wait for its answer; 30,000. */
  readonly requestTimeoutMs?: number
  /** How long a call may take, retries included; 60,000. */
  readonly defaultApiTimeoutMs?: number
  readonly retryBackoffMs?: number
  readonly retryBackoffMaxMs?: number
  readonly metadataMaxAgeMs?: number
  readonly logger?: Logger
}

/** What a call may be given to end it early. */
export interface CallOptions {
  readonly signal?: AbortSignal
}
