/**
 * Runs `work` while nothing in `value` can change: objects are frozen for good, maps and sets only until `work` is
 * done, for the state itself is changed between decisions.
 */
export function whileFrozen<T>(value: unknown, work: () => T): T {
  const collections: (Map<unknown, unknown> | Set<unknown>)[] = []
  collect(value, collections)
  const methods = ['set', 'add', 'delete', 'clear'] as const
  for (const collection of collections) for (const method of methods) block(collection, method)
  try {
    return work()
  } finally {
    for (const collection of collections) for (const method of methods) Reflect.deleteProperty(collection, method)
  }
}

function block(collection: object, method: string): void {
  const value = (): never => {
    throw new TypeError(`${method}() on a frozen collection`)
  }
  Object.defineProperty(collection, method, { value, configurable: true, enumerable: false })
}

function collect(value: unknown, collections: (Map<unknown, unknown> | Set<unknown>)[]): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
  if (value instanceof Map || value instanceof Set) {
    collections.push(value)
    for (const entry of value.values()) collect(entry, collections)
    return
  }
  if (!holdsCollections(value) && !Object.isFrozen(value)) Object.freeze(value)
  for (const entry of Object.values(value)) collect(entry, collections)
}

// The containers of a state have their collections changed in place and count what was applied.
const holdsCollections = (value: object): boolean => 'applied' in value || 'live' in value || 'durable' in value
