import { BrokerError } from '@millrace/connection'
import { fetchApi, KafkaError } from '@millrace/protocol'
import type { ErrorName, KafkaErrorOptions } from '@millrace/protocol'
import type { ConsumerRecord, TopicPartition } from '../record.ts'
import { SerializationError } from '../serde/serialization-error.ts'
import type { RecordPart } from '../serde/serde.ts'

const seekOn = 'seek to its nextOffset to go on behind it'

/** A batch that can't be read: its CRC is wrong, or its bytes are no batch. The consumer stays before it. */
export class UnreadableBatchError extends BrokerError {
  override name = 'UnreadableBatchError'
  readonly topic: string
  readonly partition: number
  /** Where to seek to, to go on behind it. */
  readonly nextOffset: number

  constructor({ topic, partition }: TopicPartition, nextOffset: number, cause: Error, address: string) {
    const source = { address, api: fetchApi.name, about: `${topic}-${partition}` }
    super('CORRUPT_MESSAGE', cause.message, source, { cause, retriable: false, advice: seekOn })
    this.topic = topic
    this.partition = partition
    this.nextOffset = nextOffset
  }
}

/** The log was cut where it had been read already (an unclean election): records that were read are gone. */
export class LogTruncationError extends KafkaError {
  override name = 'LogTruncationError'
  readonly topic: string
  readonly partition: number
  /** The offset that was to be read next. */
  readonly offset: number
  /** Up to here the log is what was read; -1 where the broker can't say. */
  readonly divergingOffset: number

  constructor({ topic, partition }: TopicPartition, offset: number, divergingOffset: number) {
    const cut = divergingOffset < 0 ? 'somewhere before it' : `at ${divergingOffset}`
    const what = `${topic}-${partition} was read up to ${offset}, and the log was cut ${cut}`
    super('OFFSET_OUT_OF_RANGE', `OFFSET_OUT_OF_RANGE: ${what}`, { advice: 'seek to where reading may go on' })
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.divergingOffset = divergingOffset
  }
}

/** A commit that the group didn't take: it has given the partitions to others, or means to. */
export class CommitFailedError extends KafkaError {
  override name = 'CommitFailedError'

  constructor(error: ErrorName, why: string, options: KafkaErrorOptions = {}) {
    const advice = "go on with what is assigned: what isn't committed comes again, here or elsewhere"
    super(error, `${error}: ${why}`, { retriable: false, advice, ...options })
  }
}

/**
 * A record whose key or value its deserializer or schema doesn't take. The consumer stays before it.
 *
 * @example catch (error) { if (error instanceof DeserializationError) await consumer.seek(error, { offset: error.offset + 1 }) }
 */
export class DeserializationError extends SerializationError {
  override name = 'DeserializationError'
  declare readonly partition: number
  declare readonly offset: number
  /** The record as it came, key and value as bytes. */
  readonly record: ConsumerRecord

  constructor(record: ConsumerRecord, part: RecordPart, cause: unknown) {
    super({ topic: record.topic, part }, cause, record)
    this.record = record
  }
}
