import type { ClientOptions } from '../client-options.ts'

export interface ProducerOptions extends ClientOptions {
  /** Who must have a record before it counts as sent; 'all'. */
  readonly acks?: 'all' | 1 | 0
  /** A record is there once whatever is retried; true (needs acks 'all'). */
  readonly enableIdempotence?: boolean
  readonly compressionType?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly compressionLevel?: number
  /** How long a batch waits for more records; 5. */
  readonly lingerMs?: number
  /** Bytes of one batch; 16,384. */
  readonly batchSize?: number
  /** Bytes of one request; 1,048,576. */
  readonly maxRequestSize?: number
  /** Bytes of records that wait to be sent before `send` waits; 33,554,432. */
  readonly bufferMemory?: number
  /** From `send` until a record counts as failed, retries included; 120,000. */
  readonly deliveryTimeoutMs?: number
  /** 1 to 5; order is kept. 5. */
  readonly maxInFlightRequestsPerConnection?: number
}
