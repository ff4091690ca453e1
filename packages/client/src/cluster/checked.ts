// Settings are checked when a client is made: who writes JavaScript may give anything.
import { inspect } from 'node:util'

/** A number of the range, `standard` where none was given; throws a RangeError. */
export function inRange(
  name: string,
  given: number | undefined,
  standard: number,
  least: number,
  most = Infinity,
): number {
  const value = given ?? standard
  if (typeof value === 'number' && value >= least && value <= most) return value
  const from = least === -Infinity ? 'a number' : `${least} or more`
  throw wrong(name, value, most === Infinity ? from : `${least} to ${most}`)
}

/** The same for what goes over the wire, as a whole number of 31 bits. */
export function wholeInRange(name: string, given: number | undefined, standard: number, least: number): number {
  const value = inRange(name, given, standard, least, 0x7fff_ffff)
  if (Number.isInteger(value)) return value
  throw wrong(name, value, 'a whole number')
}

/** One of the names, the first where none was given; throws a RangeError. */
export function oneOf<const Name extends string>(
  name: string,
  given: NoInfer<Name> | undefined,
  names: readonly [Name, ...Name[]],
): Name {
  const value = given ?? names[0]
  if (names.includes(value)) return value
  throw wrong(name, value, names.join(', '))
}

/** True or false, `standard` where nothing was given: text such as 'false' would count as true. Throws a RangeError. */
export function trueOrFalse(name: string, given: boolean | undefined, standard: boolean): boolean {
  const value = given ?? standard
  if (typeof value === 'boolean') return value
  throw wrong(name, value, 'true or false')
}

/** Text with something in it, or undefined; throws a RangeError. */
export function textOf(name: string, given: string | undefined): string | undefined {
  if (given === undefined || isText(given)) return given
  throw wrong(name, given, 'text that is not empty')
}

/** Throws a RangeError where it is something else than a function. */
export function checkFunction(name: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'function') throw wrong(name, given, 'a function')
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''

/** What to throw at a setting that nothing can go by. */
export const wrong = (name: string, value: unknown, expected: string): RangeError =>
  new RangeError(`${name} is ${shown(value)}, expected ${expected}`)

const shown = (value: unknown): string =>
  inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 100, maxArrayLength: 10 })
