import type { DecodedStruct, Fields, InputStruct } from './field.ts'
import { type VersionRange, type Versions, includes, parseVersions } from './versions.ts'
import { type Codec, compileCodec } from '../wire/codec.ts'
import { wireError } from '../wire/wire-error.ts'
import { type Writer, withWriter } from '../wire/writer.ts'

/** One message in all its versions. `T` is what decoding gives (every field), `I` what encoding takes. */
export interface Message<T, I = T> {
  readonly name: string
  readonly versions: Versions
  /** Versions with compact lengths and tagged fields. */
  readonly flexible: Versions
  readonly fields: Fields
  /** Reads all of `bytes`; throws WireError. `bytes` and `records` in the result are views of it. */
  decode(bytes: Uint8Array, version: number): T
  /** Reads what `bytes` begin with, such as a header, and says how long it was. */
  decodePrefix(bytes: Uint8Array, version: number): { readonly value: T; readonly sizeBytes: number }
  encode(value: I, version: number): Uint8Array
  /** As encode, but `records` stay the buffers they are: the chunks are to be written one after the other. */
  encodeChunks(value: I, version: number): Uint8Array[]
  /** Adds its bytes to what a writer holds already, as for a frame. */
  write(writer: Writer, value: I, version: number): void
}

export type Decoded<M> = M extends Message<infer T, infer _I> ? T : never
export type Input<M> = M extends Message<infer _T, infer I> ? I : never

export interface MessageVersions {
  readonly versions: VersionRange
  readonly flexible: VersionRange
}

/** Declares a message that belongs to no API: a header, or what a record holds. */
export function message<const S extends Fields>(
  name: string,
  { versions, flexible }: MessageVersions,
  fields: S,
): Message<DecodedStruct<S>, InputStruct<S>> {
  const range = parseVersions(versions)
  const flexibleRange = parseVersions(flexible)
  const codecs: (Codec | undefined)[] = []
  const codec = (version: number): Codec => {
    if (!includes(range, version)) throw wireError({ what: `version of ${name}`, got: version, expected: versions })
    return (codecs[version] ??= compileCodec(name, fields, version, includes(flexibleRange, version)))
  }
  return {
    name,
    versions: range,
    flexible: flexibleRange,
    fields,
    decode: (bytes, version) => codec(version).decode(bytes) as DecodedStruct<S>,
    decodePrefix(bytes, version) {
      const { value, sizeBytes } = codec(version).decodePrefix(bytes)
      return { value: value as DecodedStruct<S>, sizeBytes }
    },
    write: (writer, value, version) => codec(version).write(writer, value),
    encode: (value, version) =>
      withWriter(false, (writer) => {
        codec(version).write(writer, value)
        return writer.take()
      }),
    encodeChunks: (value, version) =>
      withWriter(true, (writer) => {
        codec(version).write(writer, value)
        return writer.takeChunks()
      }),
  }
}

export const request = <const S extends Fields>(
  name: string,
  versions: MessageVersions,
  fields: S,
): Message<DecodedStruct<S>, InputStruct<S>> => message(`${name}Request`, versions, fields)

export const response = <const S extends Fields>(
  name: string,
  versions: MessageVersions,
  fields: S,
): Message<DecodedStruct<S>, InputStruct<S>> => message(`${name}Response`, versions, fields)
