import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type AnyMessage, messageByName } from '../every-message.ts'
import type { ScalarKind } from '../schema/field.ts'
import { includes } from '../schema/versions.ts'
import { type FieldLayout, type StructLayout, layOut } from './layout.ts'
import { zeroUuid } from './uuid.ts'

const runsPerVersion = 4

/** Values of every size and sign that the layout can carry; what its version lacks has its default. */
function anyStruct(struct: StructLayout): fc.Arbitrary<unknown> {
  const fields = struct.fields.map((field) => [field.name, anyField(field)] as const)
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true })
}

function anyField(field: FieldLayout): fc.Arbitrary<unknown> {
  if (!field.carried) return fc.constant(defaultOf(field))
  const value = anyValue(field)
  return field.nullable ? fc.option(value, { nil: null, freq: 4 }) : value
}

function anyValue({ kind, struct, element }: FieldLayout): fc.Arbitrary<unknown> {
  if (struct !== null) return anyStruct(struct)
  if (element !== null) return fc.array(anyValue(element), { maxLength: 3 })
  return anyScalar[kind as ScalarKind]
}

const anyBytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const anyData = fc.uint8Array({ maxLength: 200 })

const anyScalar: Readonly<Record<ScalarKind, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -0x80, max: 0x7f }),
  int16: fc.integer({ min: -0x8000, max: 0x7fff }),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  millis: fc.maxSafeInteger(),
  hash64: anyBytes(8),
  float64: fc.double(),
  uuid: anyBytes(16).map((id) => Buffer.from(id).toString('base64url')),
  string: fc.string({ unit: 'binary', maxLength: 40 }),
  bytes: anyData,
  records: anyData,
}

function defaultOf(field: FieldLayout): unknown {
  if (field.default !== undefined) return field.default
  const { kind, struct } = field
  if (struct !== null) return Object.fromEntries(struct.fields.map((inner) => [inner.name, defaultOf(inner)]))
  if (kind === 'array') return []
  if (kind === 'bool') return false
  if (kind === 'string') return ''
  if (kind === 'uuid') return zeroUuid
  if (kind === 'hash64') return new Uint8Array(8)
  return kind === 'bytes' || kind === 'records' ? new Uint8Array(0) : 0
}

function assertRoundTrips(message: AnyMessage, version: number): void {
  const { root } = layOut(message.name, message.fields, version, includes(message.flexible, version))
  const property = fc.property(anyStruct(root), (value) => {
    const bytes = message.encode(value as never, version)
    assert.deepEqual(message.decode(bytes, version), value)
    const chunks = message.encodeChunks(value as never, version)
    assert.deepEqual(new Uint8Array(Buffer.concat(chunks)), new Uint8Array(bytes))
  })
  fc.assert(property, { numRuns: runsPerVersion })
}

for (const [name, message] of messageByName) {
  const { min, max } = message.versions
  test(`${name} v${min}-${max} is read back as it was written, whatever it holds`, () => {
    for (let version = min; version <= max; version++) assertRoundTrips(message, version)
  })
}
