/**
 * What comes of it: `damage` stays until it is repaired (the partition is offline, or answers wrongly), `mends` is put
 * right by the next start of a broker, `note` does no harm.
 */
export type FindingLevel = 'damage' | 'mends' | 'note'

/** What is wrong, as a repair sees it. */
export type FindingKind =
  /** Bytes where a batch should stand. */
  | 'batch'
  /** Batches behind them are missing: the log ends too soon, or a segment is gone. */
  | 'missing'
  /** The CRC is right and the records can't be read. */
  | 'records'
  | 'index'
  | 'transactions'
  | 'snapshot'
  | 'epochs'
  | 'metadata'
  | 'checkpoint'
  /** A folder in a file's place. */
  | 'misplaced'
  | 'leftover'
  | 'gap'

export interface Finding {
  readonly level: FindingLevel
  readonly kind: FindingKind
  /** Such as `orders-0`; null for a file of the directory itself. */
  readonly partition: string | null
  readonly path: string
  /** Bytes from the file's start; null where it is about the whole file. */
  readonly position: number | null
  readonly offset: number | null
  readonly expected: string
  readonly got: string
  /** Base offset of the segment that it is about. */
  readonly segment: number | null
}

/** The fields that not every finding has. */
export type FindingPlace = Partial<Pick<Finding, 'position' | 'offset' | 'segment'>>

/** What a check counts. */
export interface CheckTotals {
  partitions: number
  segments: number
  batches: number
  records: number
  bytes: number
}

/** From `from` on, up to before `until`. */
export interface Range {
  readonly from: number
  readonly until: number
}

/** What a check saw of a segment: what a repair keeps of it. */
export interface SegmentSurvey {
  readonly partition: string
  readonly baseOffset: number
  readonly path: string
  readonly sizeBytes: number
  /** Bytes that are good batches. */
  readonly keep: readonly Range[]
  /** Offsets that bytes which are none stood for, as far as the batches around them tell. */
  readonly lost: readonly Range[]
  /** Behind the last good batch. */
  readonly endOffset: number
  /** Where the next start of a broker cuts the log, if that is in this segment. */
  readonly torn: { readonly position: number; readonly offset: number } | null
}

/** A step of a check; between two of them others may have a turn. */
export type CheckStep =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'segment'; readonly survey: SegmentSurvey }
  | { readonly kind: 'progress' }
