import type { Field } from '../schema/field.ts'
import { wireError } from './wire-error.ts'

export interface Codec {
  decode(bytes: Uint8Array): unknown
  encode(value: unknown): Uint8Array
  encodeChunks(value: unknown): Uint8Array[]
}

export function compileCodec(name: string, _root: Field, version: number, _flexible: boolean): Codec {
  throw wireError({ what: name, got: version, expected: 'a codec' })
}
