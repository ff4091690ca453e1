import { parseDuration } from '../client-options.ts'
import { UsageError } from '../terminal.ts'

/** Where to begin to read: an end of the log, an offset, so many before the end, or a time. */
export type StartPosition =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'end' }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'beforeEnd'; readonly records: number }
  | { readonly kind: 'time'; readonly timestampMs: number }

/** `earliest`, `latest`, an offset such as `42`, or `-10` for the last ten records of each partition. */
export function parseOffset(text: string): StartPosition {
  if (text === 'earliest' || text === 'beginning') return { kind: 'beginning' }
  if (text === 'latest' || text === 'end') return { kind: 'end' }
  const value = Number(text)
  if (!Number.isSafeInteger(value) || text.trim() === '') {
    throw new UsageError(`an offset is a whole number, 'earliest' or 'latest', got '${text}'`)
  }
  return value < 0 || Object.is(value, -0) ? { kind: 'beforeEnd', records: -value } : { kind: 'offset', offset: value }
}

/** An ISO 8601 time, milliseconds since 1970, or how long ago: `15m`, `2d`. */
export function parseTime(text: string, nowMs: number): StartPosition {
  if (/^\d{11,}$/.test(text)) return { kind: 'time', timestampMs: Number(text) }
  if (/^\d+(ms|s|m|h|d)$/.test(text)) return { kind: 'time', timestampMs: nowMs - parseDuration(text) }
  const timestampMs = Date.parse(text)
  if (!Number.isNaN(timestampMs)) return { kind: 'time', timestampMs }
  throw new UsageError(`a time is like 2026-11-21T10:00:00Z, 1795255200000 or 15m (ago), got '${text}'`)
}

/**
 * The offset that a position means in a partition whose records run from `earliest` to before `latest`; `found` is the
 * offset of the first record at or after the time asked for, -1 where there is none.
 */
export function resolvePosition(position: StartPosition, earliest: number, latest: number, found: number): number {
  switch (position.kind) {
    case 'beginning':
      return earliest
    case 'end':
      return latest
    case 'offset':
      return position.offset
    case 'beforeEnd':
      return Math.max(earliest, latest - position.records)
    case 'time':
      // No record is that late: what comes next will be.
      return found < 0 ? latest : found
  }
}
