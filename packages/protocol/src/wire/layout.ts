import type { Field, Fields, Kind } from '../schema/field.ts'
import { type VersionRange, type Versions, includes, parseVersions } from '../schema/versions.ts'

/** How one field lies on the wire in one version. */
export interface FieldLayout {
  readonly name: string
  readonly kind: Kind
  /** Its index in the paths of the message, for errors. */
  readonly at: number
  /** Whether the version has the field at all. */
  readonly carried: boolean
  readonly tag: number | null
  readonly nullable: boolean
  readonly compact: boolean
  readonly ignorable: boolean
  /** As declared; undefined is the empty value. */
  readonly default: unknown
  /** Of a struct. */
  readonly struct: StructLayout | null
  /** Of an array. */
  readonly element: FieldLayout | null
}

export interface StructLayout {
  readonly id: number
  readonly at: number
  /** All fields as declared, whether the version has them or not. */
  readonly fields: readonly FieldLayout[]
  /** The tagged ones that the version has, by tag. */
  readonly tagged: readonly FieldLayout[]
  readonly flexible: boolean
  readonly sizeBytesMin: number
}

export interface Layout {
  readonly name: string
  readonly version: number
  readonly root: StructLayout
  /** Every struct of the message, inner ones first. */
  readonly structs: readonly StructLayout[]
  readonly paths: readonly string[]
}

interface Building {
  readonly version: number
  readonly flexible: boolean
  readonly structs: StructLayout[]
  readonly paths: string[]
}

/** Lays a message out for one version. */
export function layOut(name: string, fields: Fields, version: number, flexible: boolean): Layout {
  const building: Building = { version, flexible, structs: [], paths: [] }
  const root = layOutStruct(building, name, fields)
  return { name, version, root, structs: building.structs, paths: building.paths }
}

function addPath(building: Building, path: string): number {
  building.paths.push(path)
  return building.paths.length - 1
}

function layOutStruct(building: Building, path: string, fields: Fields): StructLayout {
  const at = addPath(building, path)
  const laidOut = Object.entries(fields).map(([name, field]) => layOutField(building, `${path}.${name}`, name, field))
  const struct: StructLayout = {
    id: building.structs.length,
    at,
    fields: laidOut,
    tagged: laidOut.filter(isTagged).toSorted((a, b) => (a.tag ?? 0) - (b.tag ?? 0)),
    flexible: building.flexible,
    sizeBytesMin: laidOut.filter(isPlain).reduce((sum, field) => sum + sizeBytesMin(field), building.flexible ? 1 : 0),
  }
  building.structs.push(struct)
  return struct
}

export const isTagged = (field: FieldLayout): boolean => field.carried && field.tag !== null
export const isPlain = (field: FieldLayout): boolean => field.carried && field.tag === null

function layOutField(building: Building, path: string, name: string, field: Field): FieldLayout {
  const { kind, options, element, fields } = field
  const { version } = building
  const within = (range: VersionRange | undefined, otherwise: boolean): boolean =>
    range === undefined ? otherwise : includes(parsed(range), version)
  return {
    name,
    kind,
    at: addPath(building, path),
    carried: within(options.versions, true),
    tag: options.tag ?? null,
    nullable: within(options.nullable, false),
    compact: building.flexible && within(options.flexible, true),
    ignorable: options.ignorable ?? false,
    default: options.default ?? (options.default === null || isNullByDefault(field) ? null : undefined),
    struct: fields === null ? null : layOutStruct(building, path, fields),
    element: element === null ? null : layOutField(building, path, name, element),
  }
}

/** Records that may be null are null where nobody says otherwise. */
const isNullByDefault = ({ kind, options }: Field): boolean => kind === 'records' && options.nullable !== undefined

const ranges = new Map<VersionRange, Versions>()

function parsed(text: VersionRange): Versions {
  let range = ranges.get(text)
  if (range === undefined) ranges.set(text, (range = parseVersions(text)))
  return range
}

const fixedSizes: Partial<Record<Kind, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  int64: 8,
  millis: 8,
  hash64: 8,
  float64: 8,
  uuid: 16,
}

/** The least bytes that a field takes: what bounds how many elements an array can have. */
export function sizeBytesMin(field: FieldLayout): number {
  const fixed = fixedSizes[field.kind]
  if (fixed !== undefined) return fixed
  if (field.struct !== null) return field.nullable ? 1 : field.struct.sizeBytesMin
  if (field.compact) return 1
  return field.kind === 'string' ? 2 : 4
}
