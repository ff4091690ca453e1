import type { Random } from '@millrace/kernel'

type Change =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number }

/** What a power cut leaves of changes that were not synced. */
export type Luck = 'some' | 'none' | 'all'

/** A file's content: what survives a power cut for sure, and what was done since. */
export class FaultyFile {
  #durable = new Uint8Array(0)
  #changes: Change[] = []
  #current = new Uint8Array(0)
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  contents(): Uint8Array {
    return this.#current.slice(0, this.#sizeBytes)
  }

  read(target: Uint8Array, position: number): number {
    const part = this.#current.subarray(position, Math.min(this.#sizeBytes, position + target.length))
    target.set(part)
    return part.length
  }

  write(bytes: Uint8Array, position: number): void {
    this.#changes.push({ kind: 'write', position, bytes: bytes.slice() })
    const end = position + bytes.length
    if (end > this.#current.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#current.length))
      grown.set(this.#current.subarray(0, this.#sizeBytes))
      this.#current = grown
    }
    this.#current.set(bytes, position)
    this.#sizeBytes = Math.max(this.#sizeBytes, end)
  }

  truncate(sizeBytes: number): void {
    this.#changes.push({ kind: 'truncate', sizeBytes })
    this.#current = resized(this.#current.subarray(0, this.#sizeBytes), sizeBytes)
    this.#sizeBytes = sizeBytes
  }

  sync(): void {
    this.#durable = this.#current.slice(0, this.#sizeBytes)
    this.#changes = []
  }

  /** What the disk kept: each change since the last sync by itself, so a later one may be there and an earlier one not. */
  losePower(luck: Luck, random: Random): void {
    let bytes = this.#durable
    for (const change of this.#changes) {
      const fate = luck === 'none' ? 0 : luck === 'all' ? 1 : random.below(3)
      if (fate === 0) continue
      if (change.kind === 'truncate') bytes = resized(bytes, change.sizeBytes)
      else bytes = written(bytes, change.position, fate === 1 ? change.bytes : torn(change.bytes, random))
    }
    this.#durable = bytes
    this.#current = bytes.slice()
    this.#sizeBytes = bytes.length
    this.#changes = []
  }
}

// A page of it may not have been written: it reads as zeros, or the file ends before it.
function torn(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1)
  if (random.below(2) === 0) return bytes.subarray(0, at)
  const holed = bytes.slice()
  holed.fill(0, at, Math.min(bytes.length, at + 512))
  return holed
}

function resized(bytes: Uint8Array, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(sizeBytes)
  changed.set(bytes.subarray(0, sizeBytes))
  return changed
}

function written(bytes: Uint8Array, position: number, part: Uint8Array): Uint8Array<ArrayBuffer> {
  const changed = resized(bytes, Math.max(bytes.length, position + part.length))
  changed.set(part, position)
  return changed
}
