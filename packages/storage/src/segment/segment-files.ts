/**
 * What a segment consists of; `.snapshot` is the producers' state before its first record, `.batches` what of it Kafka's
 * snapshot has no place for.
 */
export type SegmentSuffix = '.log' | '.index' | '.timeindex' | '.txnindex' | '.snapshot' | '.batches'

export const segmentSuffixes: readonly SegmentSuffix[] = ['.log', '.index', '.timeindex', '.txnindex']

/** Where a segment's files lie, and what stands behind their names: nothing, but for those that compaction writes. */
export interface SegmentPlace {
  readonly folder: string
  readonly fileSuffix: string
}

export const placedFile = (place: SegmentPlace, baseOffset: number, suffix: SegmentSuffix): string =>
  segmentFile(place.folder, baseOffset, suffix) + place.fileSuffix

/** Kafka names a segment's files by its base offset in twenty digits. */
export const segmentFile = (folder: string, baseOffset: number, suffix: SegmentSuffix): string =>
  `${folder}/${String(baseOffset).padStart(20, '0')}${suffix}`

/** The base offset of a file such as `00000000000000000042.log`; undefined for all other names. */
export function baseOffsetOf(name: string, suffix: string): number | undefined {
  if (name.length !== 20 + suffix.length || !name.endsWith(suffix)) return undefined
  const digits = name.slice(0, 20)
  return /^\d{20}$/.test(digits) ? Number(digits) : undefined
}
