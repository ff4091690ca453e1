// What networks do, one after the other while something is going on.
import { setTimeout as sleep } from 'node:timers/promises'
import type { TcpProxy } from '@millrace/testkit'

export interface Fault {
  readonly name: string
  readonly strike: (proxy: TcpProxy) => void
}

export const faults: readonly Fault[] = [
  { name: 'delays', strike: (proxy) => proxy.disturb('both', { delayMs: 40 }) },
  { name: 'cuts', strike: (proxy) => proxy.cut() },
  { name: 'resets', strike: (proxy) => proxy.reset() },
  { name: 'resets in the midst of an answer', strike: (proxy) => proxy.disturb('toClient', { resetAfterBytes: 61 }) },
  { name: 'resets in the midst of a request', strike: (proxy) => proxy.disturb('toServer', { resetAfterBytes: 333 }) },
  { name: 'trickles', strike: (proxy) => proxy.disturb('both', { trickle: { bytes: 200, everyMs: 2 } }) },
  { name: 'swallowed answers', strike: (proxy) => proxy.disturb('toClient', { swallow: true }) },
  { name: 'swallowed requests', strike: (proxy) => proxy.disturb('toServer', { swallow: true }) },
  { name: 'refusals', strike: refuseAll },
]

function refuseAll(proxy: TcpProxy): void {
  proxy.refuse()
  proxy.reset()
}

const strikeEveryMs = 120

/** Strikes and heals in turn until the work is done. Returns how many times it struck. */
export async function during(proxy: TcpProxy, fault: Fault, work: Promise<unknown>): Promise<number> {
  const finished = work.then(
    () => true,
    () => true, // who waits for the work is told
  )
  let strikes = 0
  while (!(await Promise.race([sleep(strikeEveryMs, false), finished]))) {
    strikes += 1
    if (strikes % 2 === 1) fault.strike(proxy)
    else proxy.heal()
  }
  proxy.heal()
  return Math.ceil(strikes / 2)
}
