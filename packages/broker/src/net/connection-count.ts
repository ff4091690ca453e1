/** How many connections there may be, in all and of one address. */
export interface ConnectionBounds {
  readonly max: number
  readonly maxPerAddress: number
  readonly overrides: ReadonlyMap<string, number>
}

/** Counts connections against their bounds. */
export class ConnectionCount {
  readonly #bounds: () => ConnectionBounds
  readonly #byAddress = new Map<string, number>()
  #total = 0

  /** The bounds may change at run time, so they are asked each time. */
  constructor(bounds: () => ConnectionBounds) {
    this.#bounds = bounds
  }

  get total(): number {
    return this.#total
  }

  /** Counts one more, or says why there can't be one more. */
  enter(address: string): string | null {
    const { max, maxPerAddress, overrides } = this.#bounds()
    if (this.#total >= max) return `there are ${this.#total} connections, max.connections is ${max}`
    const ofAddress = this.#byAddress.get(address) ?? 0
    const most = overrides.get(address) ?? maxPerAddress
    if (ofAddress >= most) return `${address} has ${ofAddress} connections, max.connections.per.ip is ${most}`
    this.#total += 1
    this.#byAddress.set(address, ofAddress + 1)
    return null
  }

  leave(address: string): void {
    const left = (this.#byAddress.get(address) ?? 1) - 1
    this.#total -= 1
    if (left === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, left)
  }
}

/** Parses `max.connections.per.ip.overrides`: `10.0.0.1:100,[::1]:5`. */
export function parseOverrides(text: string): ReadonlyMap<string, number> {
  const overrides = new Map<string, number>()
  for (const part of text.split(',')) {
    const match = /^\s*\[?([^\]]+?)\]?\s*:\s*(\d+)\s*$/.exec(part)
    if (match !== null) overrides.set(match[1] ?? '', Number(match[2]))
  }
  return overrides
}
