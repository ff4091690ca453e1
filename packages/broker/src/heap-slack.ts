import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type CollectGarbage = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/**
 * Returns to the system what the heap grew by while much was made at once and kept. V8 never does by itself in a process
 * that idles: a broker with 10,000 partitions held 100 MB for nothing. Takes about 4 ms per MB that is in use.
 */
export function returnHeapSlack(): void {
  // The one way to a collection that gives pages back; Node has no call of its own for it.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as CollectGarbage
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
