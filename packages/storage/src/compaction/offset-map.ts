import { hash } from 'node:crypto'

// 16 bytes of the key's hash and 8 of its offset, as in Kafka's cleaner.
const slotBytes = 24
const loadFactor = 0.75
const smallestSlots = 1_024

/** The last offset of each key, in bounded memory whatever the keys are: only a hash of each is kept. */
export class OffsetMap {
  readonly #slotsMax: number
  #slots: number
  #hashes: Uint32Array
  /** -1 where a slot is free. */
  #offsets: Float64Array
  #count = 0
  readonly #key = new Uint32Array(4)

  constructor(memoryBytes: number) {
    this.#slotsMax = powerOfTwoUpTo(Math.max(smallestSlots, Math.floor(memoryBytes / slotBytes)))
    this.#slots = smallestSlots
    this.#hashes = new Uint32Array(4 * this.#slots)
    this.#offsets = new Float64Array(this.#slots).fill(-1)
  }

  get count(): number {
    return this.#count
  }

  /** Remembers the offset; false where there is no room for another key. */
  put(key: Uint8Array, offset: number): boolean {
    this.#hash(key)
    let slot = this.#find()
    if (this.#offsets[slot] === -1) {
      if (this.#count >= this.#slots * loadFactor) {
        if (this.#slots >= this.#slotsMax) return false
        this.#grow()
        slot = this.#find()
      }
      this.#hashes.set(this.#key, 4 * slot)
      this.#count += 1
    }
    this.#offsets[slot] = offset
    return true
  }

  /** -1 where the key isn't known. */
  get(key: Uint8Array): number {
    this.#hash(key)
    return this.#offsets[this.#find()] ?? -1
  }

  #hash(key: Uint8Array): void {
    const digest = hash('md5', key, 'buffer')
    for (let i = 0; i < 4; i += 1) this.#key[i] = digest.readUInt32LE(4 * i)
  }

  #find(): number {
    const mask = this.#slots - 1
    let slot = (this.#key[0] ?? 0) & mask
    while (this.#offsets[slot] !== -1 && !this.#holdsKey(slot)) slot = (slot + 1) & mask
    return slot
  }

  #holdsKey(slot: number): boolean {
    const at = 4 * slot
    for (let i = 0; i < 4; i += 1) if (this.#hashes[at + i] !== this.#key[i]) return false
    return true
  }

  #grow(): void {
    const hashes = this.#hashes
    const offsets = this.#offsets
    const sought = this.#key.slice()
    this.#slots *= 2
    this.#hashes = new Uint32Array(4 * this.#slots)
    this.#offsets = new Float64Array(this.#slots).fill(-1)
    for (const [slot, offset] of offsets.entries()) {
      if (offset === -1) continue
      this.#key.set(hashes.subarray(4 * slot, 4 * slot + 4))
      const target = this.#find()
      this.#hashes.set(this.#key, 4 * target)
      this.#offsets[target] = offset
    }
    this.#key.set(sought)
  }
}

function powerOfTwoUpTo(limit: number): number {
  let power = 1
  while (2 * power <= limit) power *= 2
  return power
}
