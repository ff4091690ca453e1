import type { LogCase } from './log-case.ts'

interface AfterRetention {
  readonly start: number
  readonly bySize: number
  readonly byAge: number
}

/**
 * Kafka's rule, told of the files: the oldest segments go while everything in them is below the log's start, then while
 * what stays is still `retention.bytes`, then while their latest record is older than `retention.ms`; never one with an
 * offset at or above the high watermark.
 */
export function startAfterRetention(one: LogCase): AfterRetention {
  const { model, config } = one
  const segments = one.segments()
  const nowMs = one.world.clock.wallMs()
  const endOf = (at: number): number => segments[at + 1]?.baseOffset ?? model.end
  const mayGo = (at: number): boolean => {
    const segment = segments[at]
    return segment !== undefined && segment.sizeBytes > 0 && model.highWatermark >= endOf(at)
  }
  const latestMs = (at: number): number => {
    const inside = model.batches.filter(
      ({ baseOffset }) => baseOffset >= (segments[at]?.baseOffset ?? 0) && baseOffset < endOf(at),
    )
    return Math.max(...inside.flatMap(({ records }) => records.map(({ timestampMs }) => timestampMs)))
  }
  let gone = 0
  while (mayGo(gone) && gone + 1 < segments.length && endOf(gone) <= model.start) gone += 1
  const before = gone
  if (config.retentionBytes >= 0) {
    let bytes = segments.slice(gone).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    while (mayGo(gone) && bytes - segments[gone]!.sizeBytes >= config.retentionBytes) {
      bytes -= segments[gone]!.sizeBytes
      gone += 1
    }
  }
  const bySize = gone - before
  if (config.retentionMs >= 0) while (mayGo(gone) && nowMs - latestMs(gone) > config.retentionMs) gone += 1
  const start = gone === 0 ? model.start : Math.max(model.start, endOf(gone - 1))
  return { start, bySize, byAge: gone - before - bySize }
}
