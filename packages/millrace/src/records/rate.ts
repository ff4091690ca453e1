import { counted } from '../output/counted.ts'

/** `1,234 records (56.7 MB) in 8.9 s: 139 records/s, 6.4 MB/s`: how produce and consume end. */
export function rateSummary(what: string, records: number, bytes: number, elapsedMs: number): string {
  const seconds = Math.max(elapsedMs, 1) / 1_000
  const perSecond = Math.round(records / seconds)
  return (
    `${what} ${counted(records, 'record')} (${bytesText(bytes)}) in ${seconds.toFixed(1)} s: ` +
    `${perSecond.toLocaleString('en-US')} records/s, ${bytesText(bytes / seconds)}/s`
  )
}

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** `1.2 MB`: powers of 1,000, one digit after the point from KB on. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return unit === 0 ? `${Math.round(value)} B` : `${value.toFixed(1)} ${units[unit]}`
}
