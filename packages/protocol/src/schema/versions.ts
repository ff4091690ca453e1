/** A range of versions in Kafka's notation: `3`, `3+`, `3-5` or `none`. */
export type VersionRange = `${number}` | `${number}+` | `${number}-${number}` | 'none'

export interface Versions {
  readonly min: number
  readonly max: number
}

const none: Versions = { min: 1, max: 0 }

export function parseVersions(text: VersionRange): Versions {
  if (text === 'none') return none
  const parts = /^(\d+)(\+|-(\d+))?$/.exec(text)
  if (parts === null) throw new TypeError(`a version range is '3', '3+', '3-5' or 'none', got '${text}'`)
  const min = Number(parts[1])
  if (parts[2] === undefined) return { min, max: min }
  return { min, max: parts[3] === undefined ? Infinity : Number(parts[3]) }
}

export const includes = (range: Versions, version: number): boolean => range.min <= version && version <= range.max
