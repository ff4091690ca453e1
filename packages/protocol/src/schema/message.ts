import type { DecodedStruct, Field, Fields, InputStruct } from './field.ts'
import { type VersionRange, type Versions, includes, parseVersions } from './versions.ts'
import { type Codec, compileCodec } from '../wire/codec.ts'
import { wireError } from '../wire/wire-error.ts'

/** One message in all its versions. `T` is what decoding gives (every field), `I` what encoding takes. */
export interface Message<T, I = T> {
  readonly name: string
  readonly versions: Versions
  /** Versions with compact lengths and tagged fields. */
  readonly flexible: Versions
  readonly fields: Fields
  /** Reads all of `bytes`; throws WireError. `bytes` and `records` in the result are views of it. */
  decode(bytes: Uint8Array, version: number): T
  encode(value: I, version: number): Uint8Array
  /** As encode, but `records` stay the buffers they are: the chunks are to be written one after the other. */
  encodeChunks(value: I, version: number): Uint8Array[]
}

export type Decoded<M> = M extends Message<infer T, infer _I> ? T : never
export type Input<M> = M extends Message<infer _T, infer I> ? I : never

/** Request and response of one API key. */
export interface Api<Request, Response, RequestInput = Request, ResponseInput = Response> {
  readonly key: number
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  requestHeaderVersion(version: number): 1 | 2
  responseHeaderVersion(version: number): 0 | 1
  readonly request: Message<Request, RequestInput>
  readonly response: Message<Response, ResponseInput>
}

/** Any API where its key is known only at run time. */
export type AnyApi = Api<unknown, unknown, never, never>

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
  const root: Field = { kind: 'struct', options: {}, element: null, fields }
  const codecs: (Codec | undefined)[] = []
  const codec = (version: number): Codec => {
    if (!includes(range, version)) throw wireError({ what: `version of ${name}`, got: version, expected: versions })
    return (codecs[version] ??= compileCodec(name, root, version, includes(flexibleRange, version)))
  }
  return {
    name,
    versions: range,
    flexible: flexibleRange,
    fields,
    decode: (bytes, version) => codec(version).decode(bytes) as DecodedStruct<S>,
    encode: (value, version) => codec(version).encode(value),
    encodeChunks: (value, version) => codec(version).encodeChunks(value),
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

const apiVersionsKey = 18

/** Ties a request to its response. */
export function api<Req, ReqIn, Res, ResIn>(
  key: number,
  name: string,
  request: Message<Req, ReqIn>,
  response: Message<Res, ResIn>,
): Api<Req, Res, ReqIn, ResIn> {
  return {
    key,
    name,
    minVersion: request.versions.min,
    maxVersion: request.versions.max,
    requestHeaderVersion: (version) => (includes(request.flexible, version) ? 2 : 1),
    // A client that asks for versions can't know yet which header the broker would write: it is 0 for good.
    responseHeaderVersion: (version) => (key !== apiVersionsKey && includes(response.flexible, version) ? 1 : 0),
    request,
    response,
  }
}
