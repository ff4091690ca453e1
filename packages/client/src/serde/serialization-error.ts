import { errorMessage } from '@millrace/kernel'
import type { SchemaIssue } from './standard-schema.ts'
import type { SerdeContext } from './serde.ts'

/** Where the record was read, for one that couldn't be. */
export interface ReadPlace {
  readonly partition: number
  readonly offset: number
}

/** A key or value that its serde or schema doesn't take; `cause` is what that said. */
export class SerializationError extends Error {
  override name = 'SerializationError'
  readonly topic: string
  readonly part: SerdeContext['part']
  /** Undefined for a record that was to be sent. */
  readonly partition: number | undefined
  readonly offset: number | undefined
  readonly retriable = false
  readonly advice: string

  constructor(context: SerdeContext, cause: unknown, place?: ReadPlace) {
    const where = place === undefined ? context.topic : `${context.topic}-${place.partition}, offset ${place.offset}`
    super(`the ${context.part} of a record of ${where}: ${errorMessage(cause)}`, { cause })
    this.topic = context.topic
    this.part = context.part
    this.partition = place?.partition
    this.offset = place?.offset
    this.advice =
      place === undefined
        ? 'mend the record, or give its topic the serializer that takes it'
        : 'whoever wrote it uses another serializer: pass over the offset, or read it with the right deserializer'
  }
}

/** What a schema has against a value. */
export class SchemaError extends TypeError {
  override name = 'SchemaError'
  readonly issues: readonly SchemaIssue[]

  constructor(issues: readonly SchemaIssue[]) {
    super(issues.map(textOf).join('; '))
    this.issues = issues
  }
}

function textOf({ message, path = [] }: SchemaIssue): string {
  const where = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  return where === '' ? message : `${where}: ${message}`
}
