import { isDeepStrictEqual } from 'node:util'
import { wrong } from '../cluster/checked.ts'

/**
 * What is asked for, each thing once. Throws a RangeError where something different is asked of one thing: one of the two
 * would be lost.
 */
export function onceEach<Item>(items: readonly Item[], key: (item: Item) => unknown): readonly Item[] {
  if (!Array.isArray(items)) throw wrong('what is asked for', items, 'a list')
  const once = new Map<unknown, Item>()
  for (const item of items) {
    const name = key(item)
    const before = once.get(name)
    if (before !== undefined && !isDeepStrictEqual(before, item)) {
      throw new RangeError(`${String(name)} is given twice, and not the same: expected one thing of each`)
    }
    once.set(name, item)
  }
  return [...once.values()]
}
