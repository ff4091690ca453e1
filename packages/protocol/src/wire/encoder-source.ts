import { defaultSource, differsSource } from './defaults.ts'
import { type FieldLayout, type StructLayout, isPlain } from './layout.ts'

/** The source of a function that writes one struct: what isn't there is taken as its default. */
export function encoderSource(struct: StructLayout, version: number): string {
  const lines = [
    `if (value === null || typeof value !== 'object') throw w.fail('value', value, 'an object', ${struct.at})`,
    ...struct.fields.filter((field) => !field.carried && !field.ignorable).map((field) => refuse(field, version)),
    ...struct.fields.filter(isPlain).map((field) => `${fetch(field)}\n${writeField(field)}`),
    struct.flexible ? writeTags(struct.tagged) : '',
  ]
  return `function encode${struct.id}(w, value) {\n${lines.join('\n')}\n}`
}

const variable = (field: FieldLayout): string => `v_${field.name}`
const hasValue = (field: FieldLayout): string => `h_${field.name}`

function refuse(field: FieldLayout, version: number): string {
  const value = `value.${field.name}`
  return `if (${value} !== undefined && ${differsSource(field, value)}) throw w.refuse(${value}, ${version}, ${field.at})`
}

function fetch(field: FieldLayout): string {
  const name = variable(field)
  return `let ${name} = value.${field.name}\nif (${name} === undefined) ${name} = ${missing(field)}`
}

// An empty object writes as a struct of defaults.
const missing = (field: FieldLayout): string =>
  field.struct !== null && field.default !== null ? 'nothing' : defaultSource(field)

function writeField(field: FieldLayout): string {
  const name = variable(field)
  if (!field.nullable) return writeValue(field, name)
  return `if (${name} === null) ${writeNull(field)}\nelse {\n${writeValue(field, name)}\n}`
}

function writeNull(field: FieldLayout): string {
  if (field.struct !== null && field.tag === null) return `w.int8(-1, ${field.at})`
  if (field.compact) return 'w.zero()'
  return field.kind === 'string' ? 'w.nullString()' : 'w.nullLength()'
}

function writeValue(field: FieldLayout, value: string): string {
  const { at, kind } = field
  if (kind === 'array') return writeArray(field, value)
  if (field.struct !== null) {
    const write = `encode${field.struct.id}(w, ${value})`
    return field.nullable ? `w.int8(1, ${at})\n${write}` : write
  }
  if (kind === 'string') return `w.${field.compact ? 'compactString' : 'string'}(${value}, ${at})`
  if (kind === 'bytes') return `w.${field.compact ? 'compactData' : 'data'}(${value}, ${at})`
  if (kind === 'records') return `w.${field.compact ? 'compactRecords' : 'records'}(${value}, ${at})`
  return `w.${kind}(${value}, ${at})`
}

function writeArray(field: FieldLayout, value: string): string {
  const element = field.element as FieldLayout
  const count = `w.${field.compact ? 'compactCount' : 'count'}(${value}, ${field.at})`
  return `${count}\nfor (let i = 0; i < ${value}.length; i++) {\n${writeValue(element, `${value}[i]`)}\n}`
}

/** Only what differs from its default is on the wire, by rising tag. */
function writeTags(tagged: readonly FieldLayout[]): string {
  if (tagged.length === 0) return 'w.zero()'
  const fetches = tagged.map((field) => {
    const name = variable(field)
    const test = `${name} !== undefined && ${differsSource(field, name)}`
    return `const ${name} = value.${field.name}\nconst ${hasValue(field)} = ${test}`
  })
  const count = tagged.map((field) => `(${hasValue(field)} ? 1 : 0)`).join(' + ')
  const writes = tagged.map((field) => {
    const begin = `const size = w.beginTag(${field.tag})`
    return `if (${hasValue(field)}) {\n${begin}\n${writeField(field)}\nw.endTag(size)\n}`
  })
  return [...fetches, `w.uvarint(${count})`, ...writes].join('\n')
}
