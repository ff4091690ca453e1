import type { Codec } from '@millrace/protocol'
import { inRange, oneOf, trueOrFalse } from '../cluster/checked.ts'
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
  readonly retries: number
  readonly createTopics: boolean
  readonly metadataMaxIdleMs: number
  readonly partitioner: NonNullable<PlainProducerOptions['partitioner']>
  readonly ignoreKeys: boolean
  readonly adaptive: boolean
  readonly availabilityTimeoutMs: number
}

export function producerSettings(options: PlainProducerOptions): ProducerSettings {
  return {
    ...deliverySettings(options),
    ...batchTimes(options),
    batchBytes: inRange('batchSize', options.batchSize, 16_384, 1),
    requestBytesMax: inRange('maxRequestSize', options.maxRequestSize, 1_048_576, 1),
    bufferBytes: inRange('bufferMemory', options.bufferMemory, 33_554_432, 1),
    compression: oneOf('compressionType', options.compressionType, ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    compressionLevel: compressionLevel(options),
    maxBlockMs: inRange('maxBlockMs', options.maxBlockMs, 60_000, 0),
    createTopics: trueOrFalse('allowAutoTopicCreation', options.allowAutoTopicCreation, true),
    metadataMaxIdleMs: inRange('metadataMaxIdleMs', options.metadataMaxIdleMs, 300_000, 5_000),
    partitioner: partitionerOf(options.partitioner),
    ignoreKeys: trueOrFalse('partitionerIgnoreKeys', options.partitionerIgnoreKeys, false),
    adaptive: trueOrFalse('partitionerAdaptivePartitioningEnable', options.partitionerAdaptivePartitioningEnable, true),
    availabilityTimeoutMs: inRange('partitionerAvailabilityTimeoutMs', options.partitionerAvailabilityTimeoutMs, 0, 0),
  }
}

function deliverySettings(
  options: PlainProducerOptions,
): Pick<ProducerSettings, 'acks' | 'idempotent' | 'inFlightMax' | 'retries'> {
  const acks = options.acks === undefined || options.acks === 'all' ? -1 : options.acks
  const retries = inRange('retries', options.retries, 0x7fff_ffff, 0)
  const inFlightMax = inRange('maxInFlightRequestsPerConnection', options.maxInFlightRequestsPerConnection, 5, 1)
  const idempotent = trueOrFalse('enableIdempotence', options.enableIdempotence, acks === -1 && retries > 0)
  if (![-1, 0, 1].includes(acks)) throw new RangeError(`acks is ${acks}, expected 'all', -1, 0 or 1`)
  if (idempotent && acks !== -1) throw new RangeError(`enableIdempotence needs acks 'all', got acks ${acks}`)
  if (idempotent && retries === 0) throw new RangeError('enableIdempotence needs retries, got 0')
  if (idempotent && inFlightMax > 5) {
    throw new RangeError(`maxInFlightRequestsPerConnection is ${inFlightMax}, expected 1 to 5 with idempotence`)
  }
  return { acks, retries, inFlightMax, idempotent }
}

function batchTimes(options: PlainProducerOptions): Pick<ProducerSettings, 'lingerMs' | 'deliveryTimeoutMs'> {
  const lingerMs = inRange('lingerMs', options.lingerMs, 5, 0)
  const deliveryTimeoutMs = inRange('deliveryTimeoutMs', options.deliveryTimeoutMs, 120_000, 1)
  if (lingerMs < deliveryTimeoutMs) return { lingerMs, deliveryTimeoutMs }
  // Every batch's time would be up before it may go.
  throw new RangeError(`lingerMs is ${lingerMs}, expected less than deliveryTimeoutMs, which is ${deliveryTimeoutMs}`)
}

function compressionLevel(options: PlainProducerOptions): number | undefined {
  const gzip = options.compressionGzipLevel ?? -1
  if (gzip !== -1) inRange('compressionGzipLevel', gzip, 6, 1, 9)
  const zstd = inRange('compressionZstdLevel', options.compressionZstdLevel, 3, -131_072, 22)
  const lz4 = inRange('compressionLz4Level', options.compressionLz4Level, 9, 1, 17)
  return { none: undefined, gzip, snappy: undefined, lz4, zstd }[options.compressionType ?? 'none']
}

function partitionerOf(given: PlainProducerOptions['partitioner']): ProducerSettings['partitioner'] {
  return typeof given === 'function' ? given : oneOf('partitioner', given, ['sticky', 'round-robin'])
}
