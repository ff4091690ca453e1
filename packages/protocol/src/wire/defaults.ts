import { zeroUuid } from './uuid.ts'
import type { FieldLayout, StructLayout } from './layout.ts'

/** What generated code calls its values; `empty` and `zeros` are shared, so nobody may write to them. */
export const noBytes = new Uint8Array(0)
export const zeroHash = new Uint8Array(8)

/** The expression of a field's default. */
export function defaultSource(field: FieldLayout): string {
  if (field.default === null) return 'null'
  if (field.kind === 'array') return '[]'
  if (field.struct !== null) return defaultStructCall(field.struct)
  if (field.kind === 'hash64') return 'zeroHash'
  if (field.default !== undefined) return JSON.stringify(field.default)
  if (field.kind === 'bool') return 'false'
  if (field.kind === 'string') return "''"
  if (field.kind === 'uuid') return `'${zeroUuid}'`
  return field.kind === 'bytes' || field.kind === 'records' ? 'noBytes' : '0'
}

const defaultStructCall = (struct: StructLayout): string => `default${struct.id}()`

/** A function that makes a struct of defaults, in the shape of a decoded one. */
export function defaultStructSource(struct: StructLayout): string {
  const fields = struct.fields.map((field) => `${field.name}: ${defaultSource(field)}`)
  return `function default${struct.id}() { return { ${fields.join(', ')} } }`
}

/** A condition: whether `value`, which isn't undefined, differs from the field's default. */
export function differsSource(field: FieldLayout, value: string): string {
  if (field.default === null) return `${value} !== null`
  if (field.kind === 'array' || field.kind === 'bytes' || field.kind === 'records') {
    return `(${value} === null || ${value}.length !== 0)`
  }
  if (field.struct !== null) return `(${value} === null || differs${field.struct.id}(${value}))`
  if (field.kind === 'hash64') return `isSet(${value})`
  return `${value} !== ${defaultSource(field)}`
}

/** A function that says whether any field of a struct differs from its default. */
export function differsStructSource(struct: StructLayout): string {
  const tests = struct.fields.map((field) => {
    const value = `value.${field.name}`
    return `(${value} !== undefined && ${differsSource(field, value)})`
  })
  return `function differs${struct.id}(value) { return ${tests.join(' || ') || 'false'} }`
}

export const isSet = (hash: Uint8Array): boolean => hash.length !== zeroHash.length || hash.some((byte) => byte !== 0)
