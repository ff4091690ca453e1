import { int64Max } from '../schema/field.ts'
import { defaultSource } from './defaults.ts'
import { type FieldLayout, type StructLayout, isPlain, isTagged, sizeBytesMin } from './layout.ts'

/**
 * The source of a function that reads one struct: a line per field in the order of the wire, then an object literal
 * of all fields in the order of the declaration, so that all structs of a kind share one hidden class.
 */
export function decoderSource(struct: StructLayout): string {
  const plain = struct.fields.filter(isPlain).map((field) => readField(field, `const ${variable(field)}`))
  const tagged = struct.tagged.map((field) => `let ${variable(field)}`)
  const fields = struct.fields.map((field) => `${field.name}: ${valueOf(field)}`)
  const lines = [...plain, ...tagged, struct.flexible ? readTags(struct) : '', `return { ${fields.join(', ')} }`]
  return `function decode${struct.id}(r) {\n${lines.join('\n')}\n}`
}

const variable = (field: FieldLayout): string => `v_${field.name}`

function valueOf(field: FieldLayout): string {
  if (isPlain(field)) return variable(field)
  if (!isTagged(field)) return defaultSource(field)
  return `${variable(field)} === undefined ? ${defaultSource(field)} : ${variable(field)}`
}

function readField(field: FieldLayout, target: string): string {
  if (field.kind === 'array') return readArray(field, target)
  return `${target} = ${readExpression(field)}`
}

function readExpression(field: FieldLayout): string {
  const { kind, at } = field
  if (field.struct !== null) {
    const read = `decode${field.struct.id}(r)`
    if (!field.nullable) return read
    // Null is -1, but 0 in a tagged field (so Apache Kafka writes and reads it).
    return `r.int8(${at}) < ${field.tag === null ? 0 : 1} ? null : ${read}`
  }
  if (kind === 'string') return `r.${methodOf(field, 'String')}(${at})`
  if (kind === 'bytes' || kind === 'records') return `r.${methodOf(field, 'Data')}(${at})`
  // 2^63-1 as a default says "none", and comes as one too.
  if (kind === 'int64' && field.default === int64Max) return `r.millis(${at})`
  return `r.${kind}(${at})`
}

function methodOf(field: FieldLayout, name: 'String' | 'Data'): string {
  const method = `${field.compact ? 'Compact' : ''}${field.nullable ? 'Nullable' : ''}${name}`
  return method.charAt(0).toLowerCase() + method.slice(1)
}

function readArray(field: FieldLayout, target: string): string {
  const element = field.element as FieldLayout
  const items = `a_${field.name}`
  const count = `n_${field.name}`
  const { at } = field
  const lines = [
    `const ${count} = r.${field.compact ? 'compactCount' : 'count'}(${sizeBytesMin(element)}, ${at})`,
    field.nullable ? '' : `if (${count} < 0) throw r.notNull(${at})`,
    `r.elements(${count}, ${element.struct !== null}, ${at})`,
    `const ${items} = []`,
    `for (let i = 0; i < ${count}; i++) ${items}.push(${readExpression(element)})`,
    `${target} = ${field.nullable ? `${count} < 0 ? null : ${items}` : items}`,
  ]
  return lines.filter((line) => line !== '').join('\n')
}

function readTags({ tagged, at }: StructLayout): string {
  const cases = tagged.map((field) => {
    const read = readField(field, variable(field))
    return `case ${field.tag}: {\nconst end = r.enter(${field.at})\n${read}\nr.leave(end, ${field.at})\nbreak\n}`
  })
  const known = cases.length === 0 ? `r.skip(${at})` : `switch (tag) {\n${cases.join('\n')}\ndefault: r.skip(${at})\n}`
  return `for (let left = r.tagCount(${at}), tag = -1; left > 0; left--) {\ntag = r.tag(tag, ${at})\n${known}\n}`
}
