import type { Message } from '../schema/index.ts'
import { wireError } from '../wire/wire-error.ts'

/** A kind of record that a coordinator writes to its topic: key and value, and the number that tells its keys apart. */
export interface CoordinatorRecord<K, V, KIn = K, VIn = V> {
  readonly type: number
  readonly name: string
  readonly key: Message<K, KIn>
  readonly value: Message<V, VIn>
}

/** Any kind of record, where it is known only at run time. */
export type AnyCoordinatorRecord = CoordinatorRecord<unknown, unknown, never, never>

export const coordinatorRecord = <K, KIn, V, VIn>(
  type: number,
  name: string,
  key: Message<K, KIn>,
  value: Message<V, VIn>,
): CoordinatorRecord<K, V, KIn, VIn> => ({ type, name, key, value })

const prefixBytes = 2
const keyVersion = 0

function withPrefix(prefix: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(prefixBytes + body.length)
  new DataView(bytes.buffer).setInt16(0, prefix)
  bytes.set(body, prefixBytes)
  return bytes
}

function prefixOf(what: string, bytes: Uint8Array): number {
  if (bytes.length < prefixBytes) throw wireError({ what, got: `${bytes.length} bytes`, expected: 'at least 2 bytes' })
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getInt16(0)
}

/** int16 type, then the key. */
export const encodeCoordinatorKey = <K, V, KIn, VIn>(record: CoordinatorRecord<K, V, KIn, VIn>, key: KIn): Uint8Array =>
  withPrefix(record.type, record.key.encode(key, keyVersion))

/** int16 version, then the value. */
export const encodeCoordinatorValue = <K, V, KIn, VIn>(
  record: CoordinatorRecord<K, V, KIn, VIn>,
  value: VIn,
  version: number,
): Uint8Array => withPrefix(version, record.value.encode(value, version))

/** The type that a key of a coordinator's topic begins with. */
export const coordinatorKeyType = (bytes: Uint8Array): number => prefixOf('type of a coordinator key', bytes)

export function decodeCoordinatorKey<K, V, KIn, VIn>(record: CoordinatorRecord<K, V, KIn, VIn>, bytes: Uint8Array): K {
  const type = coordinatorKeyType(bytes)
  if (type !== record.type) {
    throw wireError({ what: 'type of a coordinator key', got: type, expected: `${record.type} (${record.name})` })
  }
  return record.key.decode(bytes.subarray(prefixBytes), keyVersion)
}

export const decodeCoordinatorValue = <K, V, KIn, VIn>(
  record: CoordinatorRecord<K, V, KIn, VIn>,
  bytes: Uint8Array,
): V => record.value.decode(bytes.subarray(prefixBytes), prefixOf('version of a coordinator value', bytes))
