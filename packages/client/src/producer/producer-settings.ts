import type { Codec } from '@millrace/protocol'
import type { PlainProducerOptions } from './producer-api.ts'

/** A producer's options with everything decided. */
export interface ProducerSettings {
  readonly acks: -1 | 0 | 1
  readonly lingerMs: number
  readonly batchBytes: number
  readonly requestBytesMax: number
  readonly bufferBytes: number
  readonly compression: Codec
  readonly compressionLevel: number | undefined
  readonly deliveryTimeoutMs: number
  readonly maxBlockMs: number
  readonly idempotent: boolean
  readonly inFlightMax: number
  readonly createTopics: boolean
}

export function producerSettings(options: PlainProducerOptions): ProducerSettings {
  const acks = options.acks === undefined || options.acks === 'all' ? -1 : options.acks
  const idempotent = options.enableIdempotence ?? acks === -1
  const inFlightMax = options.maxInFlightRequestsPerConnection ?? 5
  if (idempotent && acks !== -1) throw new RangeError(`enableIdempotence needs acks 'all', got acks ${acks}`)
  if (inFlightMax < 1 || (idempotent && inFlightMax > 5)) {
    const most = idempotent ? '1 to 5 with idempotence' : 'at least 1'
    throw new RangeError(`maxInFlightRequestsPerConnection is ${inFlightMax}, expected ${most}`)
  }
  return {
    acks,
    lingerMs: options.lingerMs ?? 5,
    batchBytes: options.batchSize ?? 16_384,
    requestBytesMax: options.maxRequestSize ?? 1_048_576,
    bufferBytes: options.bufferMemory ?? 33_554_432,
    compression: options.compressionType ?? 'none',
    compressionLevel: options.compressionLevel,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
    maxBlockMs: options.maxBlockMs ?? 60_000,
    idempotent,
    inFlightMax,
    createTopics: options.allowAutoTopicCreation ?? true,
  }
}
