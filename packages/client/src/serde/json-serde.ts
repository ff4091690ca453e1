import { refuseLater } from './at-once.ts'
import type { Serde } from './serde.ts'
import { SchemaError } from './serialization-error.ts'
import type { StandardSchema } from './standard-schema.ts'

/** JSON, unchecked: what is read is taken to be a `T`. */
export function jsonSerde<T = unknown>(): Serde<T>
/** JSON that a schema checks, both when it is written and when it is read. */
export function jsonSerde<In, Out>(schema: StandardSchema<In, Out>): Serde<In, Out>
export function jsonSerde(schema?: StandardSchema): Serde<unknown> {
  return schema === undefined ? plainJson : checkedJson(schema)
}

const plainJson: Serde<unknown> = { serialize: toJson, deserialize: fromJson }

// The value is written as it was given, not as the schema made it: whoever reads it passes it through the schema.
function checkedJson(schema: StandardSchema): Serde<unknown> {
  return {
    serialize(value) {
      checked(schema, value)
      return toJson(value)
    },
    deserialize: (bytes) => checked(schema, fromJson(bytes)),
  }
}

function toJson(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new TypeError(`${typeof value} has no JSON`)
  return text
}

function fromJson(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString())
}

function checked(schema: StandardSchema, value: unknown): unknown {
  const result = schema['~standard'].validate(value)
  refuseLater(result, 'an asynchronous schema can not check records')
  if (result.issues !== undefined) throw new SchemaError(result.issues)
  return result.value
}
