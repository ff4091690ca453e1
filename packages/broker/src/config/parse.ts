import type { Definition, SettingType } from './definition.ts'
import { invalidValue } from './definition.ts'
import { checkValid } from './valid.ts'

export type SettingValue = number | boolean | string | readonly string[] | null

/** A setting's value and its text as Kafka prints it: 2^63-1 is beyond a number's precision, its text isn't. */
export interface Parsed {
  readonly value: SettingValue
  readonly text: string | null
}

/** Parses text as `ConfigDef` does and checks it; throws ConfigError. Null is "not set". */
export function parseSetting(definition: Definition, text: string | null): Parsed {
  const parsed = text === null ? { value: null, text: null } : parseType(definition.name, definition.type, text)
  const isDefault = text === definition.defaultText
  if (!isDefault) checkValid(definition, parsed.value)
  return parsed
}

function parseType(name: string, type: SettingType, raw: string): Parsed {
  const text = raw.trim()
  switch (type) {
    case 'BOOLEAN':
      return parseBoolean(name, text)
    case 'INT':
    case 'SHORT':
    case 'LONG':
      return parseInteger(name, type, text)
    case 'DOUBLE':
      return parseDouble(name, text)
    case 'LIST':
      return parseList(text)
    case 'STRING':
    case 'CLASS':
    case 'PASSWORD':
    default:
      return { value: text, text }
  }
}

function parseBoolean(name: string, text: string): Parsed {
  const lower = text.toLowerCase()
  if (lower !== 'true' && lower !== 'false') {
    throw invalidValue(name, text, 'Expected value to be either true or false')
  }
  return { value: lower === 'true', text: lower }
}

const bitsOf = { SHORT: 16, INT: 32, LONG: 64 } as const

function parseInteger(name: string, type: 'INT' | 'SHORT' | 'LONG', text: string): Parsed {
  const exact = /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined
  if (exact === undefined || BigInt.asIntN(bitsOf[type], exact) !== exact) {
    throw invalidValue(name, text, `Not a number of type ${type}`)
  }
  return { value: saturate(Number(exact)), text: exact.toString() }
}

// 2^63-1 means "for ever": the largest safe integer does so too, and sums with it stay numbers.
const saturate = (value: number): number => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))

function parseDouble(name: string, text: string): Parsed {
  const matches = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/.test(text)
  if (!matches) throw invalidValue(name, text, 'Not a number of type DOUBLE')
  const value = Number(text.replace(/[dDfF]$/, ''))
  return { value, text: javaDouble(value) }
}

/** How Java prints a double: `1.0`, `0.5`, `1.0E10`. */
function javaDouble(value: number): string {
  const size = Math.abs(value)
  if (value === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(value) ? `${value}.0` : String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`
}

function parseList(text: string): Parsed {
  const elements = text === '' ? [] : [...new Set(text.split(/\s*,\s*/))]
  return { value: elements, text: elements.join(',') }
}
