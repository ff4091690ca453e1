// An idempotent producer whose connections are cut, reset, swallowed and slowed while it sends.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TcpProxy } from '@millrace/testkit'
import { millrace } from '../clients/millrace.ts'
import type { World } from '../world.ts'
import { collect, type Check } from './check.ts'

const count = 1_000
const outstandingMost = 20
const faultEveryMs = 150
/** How long nothing may be answered. */
const patienceMs = 15_000

// Not swallows: clients notice one by a time-out of half a minute, which is no fault of theirs.
const faults: readonly ((proxy: TcpProxy) => void)[] = [
  (proxy) => proxy.cut(),
  (proxy) => proxy.disturb('toClient', { resetAfterBytes: 70 }),
  (proxy) => proxy.reset(),
  (proxy) => proxy.disturb('toServer', { resetAfterBytes: 300 }),
  (proxy) => proxy.disturb('both', { delayMs: 30 }),
  (proxy) => proxy.disturb('toServer', { trickle: { bytes: 100, everyMs: 5 } }),
]

async function disturb(proxy: TcpProxy, over: () => boolean): Promise<void> {
  for (let i = 0; !over(); i += 1) {
    await sleep(faultEveryMs)
    proxy.heal()
    faults[i % faults.length]?.(proxy)
  }
  proxy.heal()
}

interface Sent {
  readonly acknowledged: ReadonlySet<string>
  readonly errors: readonly string[]
}

// In order, some outstanding, and slowly enough for the faults to come in between.
async function sendAll(world: World, client: Parameters<Check['run']>[0], topic: string): Promise<Sent> {
  const producer = await client.producer(world.bootstrap, true)
  const acknowledged = new Set<string>()
  const errors: string[] = []
  const outstanding = new Set<Promise<void>>()
  let sent = false
  const disturbing = disturb(world.proxy, () => sent)
  let stuck = false
  for (let i = 0; i < count && !stuck; i += 1) {
    const value = String(i)
    const one: Promise<void> = producer
      .send(topic, null, Buffer.from(value))
      .then(
        () => void acknowledged.add(value),
        (error: unknown) => void errors.push(String(error)),
      )
      .finally(() => outstanding.delete(one))
    outstanding.add(one)
    if (outstanding.size >= outstandingMost) stuck = await isStuck(outstanding)
    else await sleep(1)
  }
  while (outstanding.size > 0 && !stuck) stuck = await isStuck(outstanding)
  sent = true
  await disturbing
  await producer.close()
  return { acknowledged, errors }
}

async function isStuck(outstanding: ReadonlySet<Promise<void>>): Promise<boolean> {
  const waiting = new AbortController()
  const late = sleep(patienceMs, true, { signal: waiting.signal, ref: false }).catch(() => true)
  const stuck = await Promise.race([...[...outstanding].map((each) => each.then(() => false)), late])
  waiting.abort()
  return stuck
}

export const orderUnderCuts: Check = {
  title: 'with idempotence under cut connections: all there, none twice, in order, and no send fails',
  rounds: 3,
  async run(client, world) {
    const topic = await world.topic('order')
    const before = world.proxy.accepted
    const { acknowledged, errors } = await sendAll(world, client, topic)
    const closing = await millrace.producer(world.bootstrap, true)
    await closing.send(topic, null, Buffer.from('end'))
    await closing.close()
    const { values } = await collect(millrace, world, {
      topic,
      committedOnly: false,
      until: (seen) => seen.at(-1) === 'end',
    })
    const numbers = values.slice(0, -1).map(Number)
    const present = new Set(numbers)
    const found = {
      lost: [...acknowledged].filter((value) => !present.has(Number(value))).length,
      twice: numbers.length - present.size,
      outOfOrder: numbers.filter((value, i) => i > 0 && value < (numbers[i - 1] ?? 0)).length,
      failedSends: errors.length,
      unanswered: count - acknowledged.size - errors.length,
    }
    const none = { lost: 0, twice: 0, outOfOrder: 0, failedSends: 0, unanswered: 0 }
    assert.deepEqual(found, none, `${summary(found)}${errors[0] === undefined ? '' : `; ${errors[0]}`}`)
    return `${count} records over ${world.proxy.accepted - before} connections`
  },
}

function summary(found: Readonly<Record<string, number>>): string {
  const titles: Readonly<Record<string, string>> = {
    lost: 'acknowledged and lost',
    twice: 'there twice',
    outOfOrder: 'out of order',
    failedSends: 'sends failed',
    unanswered: 'never answered',
  }
  const shown = Object.entries(found).filter(([, number]) => number > 0)
  return shown.map(([name, number]) => `${number} ${titles[name] ?? name}`).join(', ')
}
