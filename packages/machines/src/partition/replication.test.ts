import type { StoreFate } from '@millrace/testkit'
import { ReplicatedPartition } from '@millrace/testkit'
import * as fc from 'fast-check'
import { test } from 'node:test'

/** Something that happens: `produce 1`, `fetch 2 3`, `write 1 answerLost`. */
type Step = readonly [what: keyof typeof happenings, ...details: (number | StoreFate)[]]

const happenings = {
  produce: (partition, id) => partition.produce(Number(id)),
  fetch: (partition, id, records) => partition.fetch(Number(id), Number(records)),
  see: (partition, id) => partition.see(Number(id)),
  write: (partition, id, fate) => partition.write(Number(id), fate as StoreFate),
  control: (partition) => partition.control(),
  arrive: (partition) => partition.arrive(),
  pass: (partition, ms) => partition.pass(Number(ms)),
  expire: (partition, id) => partition.expire(Number(id)),
  kill: (partition, id) => partition.kill(Number(id)),
  losePower: (partition, id, records) => partition.losePower(Number(id), Number(records)),
  start: (partition, id) => partition.start(Number(id)),
} satisfies Record<string, (partition: ReplicatedPartition, ...details: (number | StoreFate | undefined)[]) => void>

const run = (partition: ReplicatedPartition, [what, ...details]: Step): void => {
  const [first, second] = details
  happenings[what](partition, first, second)
}

const id = fc.integer({ min: 1, max: 3 })
const fate = fc.constantFrom<StoreFate>('answered', 'answerLost', 'requestLost', 'late')
const records = fc.integer({ min: 0, max: 3 })
const ms = fc.integer({ min: 100, max: 1_500 })

// What happens often is the work of a cluster, the rest is what goes wrong.
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('produce' as const), id) },
  { weight: 10, arbitrary: fc.tuple(fc.constant('fetch' as const), id, records) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('see' as const), id) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('write' as const), id, fate) },
  { weight: 3, arbitrary: fc.constant<Step>(['control']) },
  { weight: 2, arbitrary: fc.constant<Step>(['arrive']) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('pass' as const), ms) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('expire' as const), id) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('kill' as const), id) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('losePower' as const), id, records) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('start' as const), id) },
)

test('whatever goes wrong, nothing that was answered or seen is lost or changed', () => {
  const steps = fc.array(step, { maxLength: 150, size: 'max' })
  const property = fc.property(steps, fc.integer({ min: 1, max: 3 }), (all, minInsyncReplicas) => {
    const partition = new ReplicatedPartition({ replicas: 3, minInsyncReplicas })
    for (const happens of all) run(partition, happens)
    partition.heal()
    partition.checkHealed()
  })
  fc.assert(property, { numRuns: 400 })
})
