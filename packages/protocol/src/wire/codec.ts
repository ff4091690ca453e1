import type { Fields } from '../schema/field.ts'
import { decoderSource } from './decoder-source.ts'
import { defaultStructSource, differsStructSource, isSet, noBytes, zeroHash } from './defaults.ts'
import { encoderSource } from './encoder-source.ts'
import { type Layout, layOut } from './layout.ts'
import { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** Reads and writes one message in one version. */
export interface Codec {
  /** Reads all of `bytes`. */
  decode(bytes: Uint8Array): unknown
  /** Reads what `bytes` begin with. */
  decodePrefix(bytes: Uint8Array): { value: unknown; sizeBytes: number }
  write(writer: Writer, value: unknown): void
}

interface Compiled {
  readonly decode: (reader: Reader) => unknown
  readonly encode: (writer: Writer, value: unknown) => void
}

/** What generated code may name besides its own functions. */
const known = { noBytes, zeroHash, isSet, nothing: Object.freeze({}) }

/**
 * Makes the code of a codec out of its layout: straight-line functions decode several times as fast as closures that
 * walk the layout (docs/decisions). Their source holds nothing but names and defaults of our own declarations.
 */
function compile(layout: Layout): Compiled {
  const functions = layout.structs.flatMap((struct) => [
    defaultStructSource(struct),
    differsStructSource(struct),
    decoderSource(struct),
    encoderSource(struct, layout.version),
  ])
  const { id } = layout.root
  const source = `'use strict'\n${functions.join('\n')}\nreturn { decode: decode${id}, encode: encode${id} }`
  // oxlint-disable-next-line typescript/no-implied-eval -- see above
  const make = new Function(...Object.keys(known), source) as (...values: unknown[]) => Compiled
  return make(...Object.values(known))
}

export function compileCodec(name: string, fields: Fields, version: number, flexible: boolean): Codec {
  const layout = layOut(name, fields, version, flexible)
  const { decode, encode } = compile(layout)
  return {
    decode(bytes) {
      const reader = new Reader(bytes, layout.paths)
      const value = decode(reader)
      reader.finish(layout.root.at)
      return value
    },
    decodePrefix(bytes) {
      const reader = new Reader(bytes, layout.paths)
      const value = decode(reader)
      return { value, sizeBytes: reader.position }
    },
    write(writer, value) {
      const { paths } = writer
      writer.paths = layout.paths
      encode(writer, value)
      writer.paths = paths
    },
  }
}
