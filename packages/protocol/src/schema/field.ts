import type { VersionRange } from './versions.ts'

export type ScalarKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'millis'
  | 'hash64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'
export type Kind = ScalarKind | 'array' | 'struct'

/** What a declaration may say of a field; what it leaves out holds for every version of the message. */
export interface FieldOptions<Default> {
  /** Versions that carry the field. */
  readonly versions?: VersionRange
  /** Versions in which it may be null. */
  readonly nullable?: VersionRange
  /** The value in versions that don't carry it, and where a writer says nothing. Else it is the type's empty value. */
  readonly default?: Default
  /** Its number among the tagged fields of its struct; tagged fields are on the wire only where they differ from their default. */
  readonly tag?: number
  /** Dropped without a word where the version can't carry it; else a value that isn't the default refuses to encode. */
  readonly ignorable?: true
  /** The versions in which its length is compact, where they differ from the message's (one field: ClientId). */
  readonly flexible?: VersionRange
}

declare const types: unique symbol

/** One field of a struct: how it lies on the wire, and the types of its value decoded (`T`) and to encode (`I`). */
export interface Field<T = unknown, I = T, Optional extends boolean = boolean> {
  readonly kind: Kind
  readonly options: FieldOptions<unknown>
  /** Of an array: what it holds, without options of its own. */
  readonly element: Field | null
  /** Of a struct: its fields in the order of the wire. */
  readonly fields: Fields | null
  readonly [types]?: { readonly decoded: T; readonly input: I; readonly optional: Optional }
}

export type Fields = { readonly [name: string]: Field }

type TypesOf<F extends Field> = NonNullable<F[typeof types]>
type OptionalKeys<S extends Fields> = { [K in keyof S]: TypesOf<S[K]>['optional'] extends true ? K : never }[keyof S]

/** A struct as it comes out of decoding: every field is there. */
export type DecodedStruct<S extends Fields> = { -readonly [K in keyof S]: TypesOf<S[K]>['decoded'] }

/** A struct as encoding takes it: what has a default, or isn't in every version, may be left out. */
export type InputStruct<S extends Fields> = {
  readonly [K in Exclude<keyof S, OptionalKeys<S>>]: TypesOf<S[K]>['input']
} & { readonly [K in OptionalKeys<S>]?: TypesOf<S[K]>['input'] | undefined }

type Nullable<T, O> = O extends { readonly nullable: string } ? T | null : T
type MayBeLeftOut<O> = O extends
  | { readonly default: unknown }
  | { readonly versions: string }
  | { readonly tag: number }
  ? true
  : false
type FieldOf<T, I, O> = Field<Nullable<T, O>, Nullable<I, O>, MayBeLeftOut<O>>

const scalar =
  <T, I = T>(kind: ScalarKind) =>
  <const O extends FieldOptions<T | null> = FieldOptions<never>>(options?: O): FieldOf<T, I, O> => ({
    kind,
    options: options ?? {},
    element: null,
    fields: null,
  })

export const bool = scalar<boolean>('bool')
export const int8 = scalar<number>('int8')
export const int16 = scalar<number>('int16')
export const uint16 = scalar<number>('uint16')
export const int32 = scalar<number>('int32')
/** Within the safe integers; anything else is a WireError. */
export const int64 = scalar<number>('int64')
/** An int64 that is a point or a span of time: never refused, what lies outside the safe integers saturates. */
export const millis = scalar<number>('millis')
/** An int64 that is a hash: eight bytes, never a number. */
export const hash64 = scalar<Uint8Array>('hash64')
export const float64 = scalar<number>('float64')
/** 22 characters of URL-safe base64. */
export const uuid = scalar<string>('uuid')
export const string = scalar<string>('string')
/** Decoded as a view of the frame; copied when encoded. */
export const bytes = scalar<Uint8Array>('bytes')
/** Record batches: a view of the frame when decoded, kept by reference in `encodeChunks`. */
export const records = scalar<Uint8Array, Uint8Array | readonly Uint8Array[]>('records')

export function struct<const S extends Fields, const O extends FieldOptions<null> = FieldOptions<never>>(
  fields: S,
  options?: O,
): FieldOf<DecodedStruct<S>, InputStruct<S>, O> {
  return { kind: 'struct', options: options ?? {}, element: null, fields }
}

type ElementTypes<E> =
  E extends Field<infer T, infer I>
    ? { decoded: T; input: I }
    : E extends Fields
      ? { decoded: DecodedStruct<E>; input: InputStruct<E> }
      : never

/** An array of scalars (`array(int32())`) or of structs (`array({ name: string() })`). */
export function array<
  const E extends Field | Fields,
  const O extends FieldOptions<null | readonly never[]> = FieldOptions<never>,
>(element: E, options?: O): FieldOf<ElementTypes<E>['decoded'][], readonly ElementTypes<E>['input'][], O> {
  const isField = typeof element.kind === 'string'
  return {
    kind: 'array',
    options: options ?? {},
    element: isField ? (element as Field) : { kind: 'struct', options: {}, element: null, fields: element as Fields },
    fields: null,
  }
}

/** The largest int64 of Kafka's own defaults: the largest safe integer here, 2^63-1 on the wire. */
export const int64Max = Number.MAX_SAFE_INTEGER
