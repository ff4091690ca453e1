// Settings are checked when a client is made: who writes JavaScript may give anything.

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
  const range = most === Infinity ? `${least} or more` : `${least} to ${most}`
  throw new RangeError(`${name} is ${shown(value)}, expected ${range}`)
}

/** One of the names, the first where none was given; throws a RangeError. */
export function oneOf<const Name extends string>(
  name: string,
  given: NoInfer<Name> | undefined,
  names: readonly [Name, ...Name[]],
): Name {
  const value = given ?? names[0]
  if (names.includes(value)) return value
  throw new RangeError(`${name} is ${shown(value)}, expected ${names.join(', ')}`)
}

const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value))
