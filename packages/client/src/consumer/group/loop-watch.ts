import { delay } from '../../cluster/abort.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import type { Reader } from '../reading/reader.ts'

/** How often it is looked at. */
const lookEveryMs = 1_000

/**
 * Calls `onSlow` each time the program has been busy for longer than `maxPollIntervalMs` with what it was given, or
 * gone: so that another member may go on in its place.
 */
export async function watchLoop(
  { cluster, settings, stop }: ConsumerContext,
  reader: () => Reader | undefined,
  onSlow: () => Promise<void>,
): Promise<void> {
  const { clock, logger } = cluster.settings
  const { maxPollIntervalMs, groupId } = settings
  let goneSinceMs = clock.monotonicMs()
  let told = false
  while (!stop.aborted) {
    await delay(clock, Math.min(lookEveryMs, maxPollIntervalMs / 4), stop)
    const nowMs = clock.monotonicMs()
    const now = reader()
    if (now !== undefined) goneSinceMs = nowMs
    const busyMs = now?.busyForMs(nowMs) ?? nowMs - goneSinceMs
    const isSlow = busyMs >= maxPollIntervalMs
    if (isSlow && !told) say(busyMs)
    told = isSlow
    if (isSlow) await onSlow()
  }

  function say(busyMs: number): void {
    logger.warn('the loop took longer than maxPollIntervalMs, so the consumer leaves the group until it comes back', {
      group: groupId,
      busyMs: Math.round(busyMs),
      maxPollIntervalMs,
    })
  }
}
