// What networks do, one after the other while something is going on.
import { setTimeout as sleep } from 'node:timers/promises'
import type { TcpProxy } from '@millrace/testkit'

export interface Fault {
  readonly name: string
  readonly strike: (proxy: TcpProxy) => void
  /** Requests arrive and are done, and nobody hears of it. */
  readonly losesAnswers?: true
}

export const faults: readonly Fault[] = [
  { name: 'delays', strike: (proxy) => proxy.disturb('both', { delayMs: 40 }) },
  { name: 'cuts', strike: (proxy) => proxy.cut() },
  { name: 'resets', strike: (proxy) => proxy.reset() },
  {
    name: 'resets in the midst of an answer',
    strike: (proxy) => proxy.disturb('toClient', { resetAfterBytes: 61 }),
    losesAnswers: true,
  },
  { name: 'resets in the midst of a request', strike: (proxy) => proxy.disturb('toServer', { resetAfterBytes: 61 }) },
  { name: 'trickles', strike: (proxy) => proxy.disturb('both', { trickle: { bytes: 200, everyMs: 2 } }) },
  {
    name: 'swallowed answers',
    strike: (proxy) => proxy.disturb('toClient', { swallow: true }),
    losesAnswers: true,
  },
  { name: 'swallowed requests', strike: (proxy) => proxy.disturb('toServer', { swallow: true }) },
  { name: 'refusals', strike: refuseAll },
]

function refuseAll(proxy: TcpProxy): void {
  proxy.refuse()
  proxy.reset()
}

const strikeEveryMs = 120

/**
 * Strikes and heals in turn until the work is done. Returns how many times something didn't pass as it came: where that is
 * 0 nothing was shown.
 */
export async function during(
  proxy: TcpProxy,
  fault: Fault,
  work: Promise<unknown>,
  onStrike: () => void = () => {},
): Promise<number> {
  const finished = work.then(
    () => true,
    () => true, // who waits for the work is told
  )
  const before = proxy.disturbances
  let isStruck = false
  while (!(await Promise.race([sleep(strikeEveryMs, false), finished]))) {
    isStruck = !isStruck
    if (isStruck) {
      onStrike()
      fault.strike(proxy)
    } else proxy.heal()
  }
  proxy.heal()
  return proxy.disturbances - before
}
