import { jsonSerde } from './json-serde.ts'
import type { Serde } from './serde.ts'

/**
 * The serdes that are built in. Numbers are big-endian, as Kafka's Java serdes have them.
 *
 * @example new Producer({ bootstrapServers, serializers: { orders: { key: serde.string, value: serde.json<Order>() } } })
 */
export const serde = {
  /** UTF-8. */
  string: { serialize: (value) => value, deserialize: (bytes) => bytes.toString() } satisfies Serde<string>,
  /** As they are. A Buffer that is read is a view: copy what is to be kept long. */
  bytes: { serialize: (value) => value, deserialize: (bytes) => bytes } satisfies Serde<Uint8Array, Buffer>,
  /** JSON, checked by a schema where one is given. */
  json: jsonSerde,
  /** Four bytes, as Java's `IntegerSerializer`. */
  int32: fixed<number>(
    4,
    (bytes, value) => bytes.writeInt32BE(value),
    (bytes) => bytes.readInt32BE(),
  ),
  /** Eight bytes, as Java's `LongSerializer`. */
  int64: fixed<bigint>(
    8,
    (bytes, value) => bytes.writeBigInt64BE(value),
    (bytes) => bytes.readBigInt64BE(),
  ),
  /** Eight bytes, as Java's `DoubleSerializer`. */
  float64: fixed<number>(
    8,
    (bytes, value) => bytes.writeDoubleBE(value),
    (bytes) => bytes.readDoubleBE(),
  ),
}

function fixed<T>(sizeBytes: number, write: (bytes: Buffer, value: T) => void, read: (bytes: Buffer) => T): Serde<T> {
  return {
    serialize(value) {
      const bytes = Buffer.allocUnsafe(sizeBytes)
      write(bytes, value)
      return bytes
    },
    deserialize(bytes) {
      if (bytes.length !== sizeBytes) throw new RangeError(`got ${bytes.length} bytes, expected ${sizeBytes}`)
      return read(bytes)
    },
  }
}
