/**
 * A schema of zod, valibot, arktype and others, by the interface that they share (standardschema.dev, version 1). Only
 * the types are here: nothing of those libraries is needed.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema made of a value, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Schemas may be functions too (arktype's are). */
export const isSchema = (given: unknown): given is StandardSchema =>
  ((typeof given === 'object' && given !== null) || typeof given === 'function') && '~standard' in given
