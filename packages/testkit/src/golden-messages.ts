import assert from 'node:assert/strict'
import { type AnyMessage, type Field, type Fields, messageByName, zeroUuid } from '@millrace/protocol'

/** A line of messages.jsonl: the bytes that Apache Kafka writes for a value in a version. */
interface MessageLine {
  readonly name: string
  readonly version: number
  readonly hex: string
  readonly json: JsonObject
}

type Json = null | boolean | number | string | readonly Json[] | JsonObject
type JsonObject = { readonly [name: string]: Json }

/** Throws where the bytes don't decode to the value, or the value doesn't encode to the bytes. */
export function checkMessageLine(text: string): void {
  const { name, version, hex, json } = JSON.parse(text) as MessageLine
  const message = messageByName.get(name)
  assert.ok(message !== undefined, `no message is called ${name}`)
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
  const decoded = message.decode(bytes, version)
  assert.deepEqual(decoded, wholeStruct(message.fields, json), `${name} v${version} decodes to other values`)
  assertEncodes(message, version, decoded, hex, 'what was decoded')
  assertEncodes(message, version, givenStruct(message.fields, json), hex, 'the value')
  assertEncodes(message, version, sparseStruct(message.fields, json), hex, 'the value without its defaults')
}

function assertEncodes(message: AnyMessage, version: number, value: unknown, hex: string, what: string): void {
  const context = `${message.name} v${version}, ${what}, encodes to other bytes`
  assert.equal(hexOf([message.encode(value as never, version)]), hex, context)
  assert.equal(hexOf(message.encodeChunks(value as never, version)), hex, `${context} in chunks`)
}

const hexOf = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString('hex')

/** The struct with every field: what isn't in the JSON has its default. */
const wholeStruct = (fields: Fields, json: JsonObject): unknown => {
  const unknownNames = Object.keys(json).filter((name) => fields[name] === undefined)
  assert.deepEqual(unknownNames, [], 'fields that the declaration lacks')
  const entries = Object.entries(fields).map(([name, field]) => [name, wholeValue(field, json[name])])
  return Object.fromEntries(entries)
}

function wholeValue(field: Field, json: Json | undefined): unknown {
  return json === undefined ? defaultOf(field) : valueOf(field, json, wholeStruct)
}

/** The struct with the fields that the JSON has. */
const givenStruct = (fields: Fields, json: JsonObject): unknown =>
  Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, valueOf(fieldOf(fields, name), value, givenStruct)]),
  )

/** The struct without the fields that have their default. */
const sparseStruct = (fields: Fields, json: JsonObject): unknown => {
  const differing = Object.entries(json).filter(([name, value]) => {
    const field = fieldOf(fields, name)
    return !equal(wholeValue(field, value), defaultOf(field))
  })
  return Object.fromEntries(
    differing.map(([name, value]) => [name, valueOf(fieldOf(fields, name), value, sparseStruct)]),
  )
}

function fieldOf(fields: Fields, name: string): Field {
  const field = fields[name]
  assert.ok(field !== undefined, `no field is called ${name}`)
  return field
}

function equal(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b)
    return true
  } catch (error) {
    if (error instanceof assert.AssertionError) return false
    throw error
  }
}

function valueOf(field: Field, json: Json, structOf: (fields: Fields, json: JsonObject) => unknown): unknown {
  if (json === null) return null
  const { element, fields, kind } = field
  if (element !== null) return (json as readonly Json[]).map((item) => valueOf(element, item, structOf))
  if (fields !== null) return structOf(fields, json as JsonObject)
  if (kind === 'bytes' || kind === 'records') return new Uint8Array(Buffer.from(json as string, 'base64'))
  if (kind === 'hash64') return hashOf(json as number)
  // JSON has no number for what isn't one.
  return kind === 'float64' ? Number(json) : json
}

function hashOf(value: number): Uint8Array {
  const hash = new Uint8Array(8)
  new DataView(hash.buffer).setBigInt64(0, BigInt(value))
  return hash
}

function defaultOf(field: Field): unknown {
  const { kind, options, fields } = field
  if (options.default !== undefined) return options.default
  if (kind === 'records' && options.nullable !== undefined) return null
  if (fields !== null) return wholeStruct(fields, {})
  if (kind === 'array') return []
  if (kind === 'bool') return false
  if (kind === 'string') return ''
  if (kind === 'uuid') return zeroUuid
  if (kind === 'bytes' || kind === 'records') return new Uint8Array(0)
  return kind === 'hash64' ? new Uint8Array(8) : 0
}
