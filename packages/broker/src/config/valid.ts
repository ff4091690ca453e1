import type { Definition } from './definition.ts'
import { ConfigError, invalidValue } from './definition.ts'
import type { SettingValue } from './parse.ts'

const range = /^\[(-?\d+),\.\.\.(?:,(-?\d+))?\](?: or (-?\d+))?$/
const oneOf = /^(\(case insensitive\) )?\[([^\]]*)\]$/
const throttledReplicas = '[partitionId]:[brokerId],[partitionId]:[brokerId],...'
const offsetReset = '[latest, earliest, by_duration:PnDTnHnMn.nS]'

/** Checks a parsed value against the notation of the table; throws ConfigError. */
export function checkValid(definition: Definition, value: SettingValue): void {
  const { name, valid } = definition
  if (Array.isArray(value)) return checkList(definition, value)
  if (valid === '') return
  const bounds = range.exec(valid)
  if (bounds !== null) return checkRange(name, value, bounds)
  if (valid === offsetReset) return checkOffsetReset(name, value)
  const choices = oneOf.exec(valid)
  if (choices !== null) return checkOneOf(name, value, choices)
  checkPresent(name, value, valid)
}

function checkRange(name: string, value: SettingValue, bounds: RegExpExecArray): void {
  if (typeof value !== 'number') throw invalidValue(name, value, 'Value must be non-null')
  const [, least, most, other] = bounds
  if (other !== undefined && value === Number(other)) return
  if (value < Number(least)) throw invalidValue(name, value, `Value must be at least ${least}`)
  if (most !== undefined && value > Number(most)) throw invalidValue(name, value, `Value must be no more than ${most}`)
}

function checkOneOf(name: string, value: SettingValue, choices: RegExpExecArray): void {
  const [, anyCase, list = ''] = choices
  const valid = list.split(', ')
  const text = String(value)
  if (anyCase === undefined ? valid.includes(text) : valid.includes(text.toUpperCase())) return
  throw invalidValue(name, value, `String must be one of${anyCase === undefined ? '' : ' (case insensitive)'}: ${list}`)
}

function checkPresent(name: string, value: SettingValue, valid: string): void {
  if (value === null && valid === 'non-null string') throw invalidValue(name, 'null', 'entry must be non null')
  if (value === '' && valid === 'non-empty string') throw invalidValue(name, '', 'String must be non-empty')
}

function checkList(definition: Definition, elements: readonly string[]): void {
  const { name, valid } = definition
  if (valid === throttledReplicas) return checkThrottledReplicas(name, elements)
  if (elements.length === 0 && valid === 'non-empty list') {
    throw new ConfigError(`Configuration '${name}' must not be empty. Valid values include: any non-empty value`)
  }
  if (elements.includes('')) throw new ConfigError(`Configuration '${name}' values must not be empty.`)
  const choices = oneOf.exec(valid)
  if (choices === null) return
  for (const element of elements) checkOneOf(name, element, choices)
}

function checkThrottledReplicas(name: string, elements: readonly string[]): void {
  const isAll = elements.length === 1 && elements[0] === '*'
  if (isAll || elements.every((element) => /^(\d+:\d+)?$/.test(element))) return
  const expected = `${name} must be the literal '*' or a list of replicas in the following format: ${throttledReplicas}`
  throw invalidValue(name, `[${elements.join(', ')}]`, expected)
}

function checkOffsetReset(name: string, value: SettingValue): void {
  const text = String(value).toLowerCase()
  const isDuration = /^by_duration:p(?!$)(\d+d)?(t(?=\d)(\d+h)?(\d+m)?(\d+(\.\d+)?s)?)?$/.test(text)
  if (text === 'latest' || text === 'earliest' || isDuration) return
  throw invalidValue(name, value, `Invalid value for ${name}: expected one of ${offsetReset}`)
}
