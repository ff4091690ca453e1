import type { Random } from '@millrace/kernel'
import type { DirectoryEntry, DirectoryLock, FileHandle, FileStatus, FileSystem, OpenMode } from '@millrace/storage'

/** What the power was cut in the middle of: nothing after it happens. */
export class PowerCutError extends Error {
  override name = 'PowerCutError'
}

type Change =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number }

/** A file's content: what survives a power cut for sure, and what was done since. */
interface Inode {
  durable: Uint8Array
  changes: Change[]
  current: Uint8Array
  sizeBytes: number
}

type NameChange =
  | { readonly kind: 'link'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }

/** What the next call of a kind does instead of its work. */
export type Fault = {
  readonly on: 'write' | 'sync' | 'truncate' | 'rename' | 'read' | 'create'
  readonly error: string
}

/**
 * Files that keep what a real disk would: after a power cut only what was synced is sure to be there. Writes that were
 * not are dropped, kept or torn, per file and by chance; names that were not synced with their folder too. Faults can be
 * set for single calls, and the power can be cut at any change in turn.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #random: Random
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #nameChanges: NameChange[] = []
  readonly #directories = new Set<string>(['', '/'])
  readonly #locks = new Set<string>()
  #faults: Fault[] = []
  #capacityBytes = Infinity
  #changesLeft = Infinity
  /** Writes, truncations, renames, removals, creations and syncs so far. */
  changeCount = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** The next call of that kind throws. */
  failNext(fault: Fault): void {
    this.#faults.push(fault)
  }

  /** Writes that would need more come back short. */
  setCapacity(bytes: number): void {
    this.#capacityBytes = bytes
  }

  /** The power is cut at the `count`th change from now: that one and all later ones throw. */
  cutPowerAfter(count: number): void {
    this.#changesLeft = count
  }

  get powerIsCut(): boolean {
    return this.#changesLeft <= 0
  }

  /** The power comes back: everything is what the disk kept of it. */
  restorePower(): void {
    this.#changesLeft = Infinity
    this.#faults = []
    this.#locks.clear()
    this.#applyNames()
    for (const inode of new Set(this.#names.values())) this.#tear(inode)
  }

  /** The process is gone and the machine goes on: nothing is lost but the locks. */
  killProcess(): void {
    this.#changesLeft = Infinity
    this.#faults = []
    this.#locks.clear()
  }

  // Names reach the disk in order (a journal does that), all of them up to some point.
  #applyNames(): void {
    const names = new Map(this.#durableNames)
    const kept = this.#random.below(this.#nameChanges.length + 1)
    for (const change of this.#nameChanges.slice(0, kept)) applyName(names, change)
    this.#names = names
    this.#durableNames = new Map(names)
    this.#nameChanges = []
  }

  #tear(inode: Inode): void {
    let bytes = inode.durable
    for (const change of inode.changes) {
      const luck = this.#random.below(3)
      if (luck === 0) continue
      if (change.kind === 'truncate') bytes = resized(bytes, change.sizeBytes)
      else bytes = written(bytes, change.position, luck === 1 ? change.bytes : this.#torn(change.bytes))
    }
    inode.durable = bytes
    inode.current = bytes.slice()
    inode.sizeBytes = bytes.length
    inode.changes = []
  }

  // A page of it may not have been written: it reads as zeros, or the file ends before it.
  #torn(bytes: Uint8Array): Uint8Array {
    const at = this.#random.below(bytes.length + 1)
    if (this.#random.below(2) === 0) return bytes.subarray(0, at)
    const torn = bytes.slice()
    torn.fill(0, at, Math.min(bytes.length, at + 512))
    return torn
  }

  #change(kind: Fault['on'] | 'remove'): void {
    this.changeCount += 1
    this.#changesLeft -= 1
    if (this.#changesLeft <= 0) throw new PowerCutError('the power is cut')
    this.#fault(kind)
  }

  #fault(kind: Fault['on'] | 'remove'): void {
    const slot = this.#faults.findIndex((fault) => fault.on === kind)
    const fault = this.#faults[slot]
    if (fault === undefined) return
    this.#faults.splice(slot, 1)
    throw new Error(fault.error)
  }

  open(path: string, mode: OpenMode): FileHandle {
    let inode = this.#names.get(path)
    if (inode === undefined) {
      if (mode === 'existing' || !this.#directories.has(parentOf(path))) throw notThere(path)
      this.#change('create')
      inode = { durable: new Uint8Array(0), changes: [], current: new Uint8Array(0), sizeBytes: 0 }
      this.#names.set(path, inode)
      this.#nameChanges.push({ kind: 'link', path, inode })
    }
    return this.#handle(path, inode)
  }

  #handle(path: string, inode: Inode): FileHandle {
    const read = (target: Uint8Array, position: number): number => {
      this.#fault('read')
      const part = inode.current.subarray(position, Math.min(inode.sizeBytes, position + target.length))
      target.set(part)
      return part.length
    }
    return {
      path,
      write: (chunks, position) => this.#write(inode, chunks, position),
      read,
      readLater: async (target, position) => read(target, position),
      truncate: (sizeBytes) => {
        this.#change('truncate')
        inode.changes.push({ kind: 'truncate', sizeBytes })
        inode.current = resized(inode.current.subarray(0, inode.sizeBytes), sizeBytes)
        inode.sizeBytes = sizeBytes
      },
      sync: () => this.#sync(inode),
      close: () => {},
    }
  }

  #write(inode: Inode, chunks: readonly Uint8Array[], position: number): number {
    this.#change('write')
    const room = this.#capacityBytes - this.#usedBytes() + inode.sizeBytes - position
    const whole = concatenated(chunks)
    const bytes = whole.length > room ? whole.subarray(0, Math.max(0, room)) : whole
    inode.changes.push({ kind: 'write', position, bytes: bytes.slice() })
    const end = position + bytes.length
    if (end > inode.current.length) {
      const grown = new Uint8Array(Math.max(end, 2 * inode.current.length))
      grown.set(inode.current.subarray(0, inode.sizeBytes))
      inode.current = grown
    }
    inode.current.set(bytes, position)
    inode.sizeBytes = Math.max(inode.sizeBytes, end)
    return bytes.length
  }

  #usedBytes(): number {
    let used = 0
    for (const inode of this.#names.values()) used += inode.sizeBytes
    return used
  }

  #sync(inode: Inode): void {
    this.#change('sync')
    inode.durable = inode.current.slice(0, inode.sizeBytes)
    inode.changes = []
  }

  stat(path: string): FileStatus | undefined {
    const inode = this.#names.get(path)
    if (inode !== undefined) return { sizeBytes: inode.sizeBytes, modifiedAtMs: 0 }
    return this.#directories.has(path) ? { sizeBytes: 0, modifiedAtMs: 0 } : undefined
  }

  readFile(path: string): Uint8Array | undefined {
    const inode = this.#names.get(path)
    return inode?.current.slice(0, inode.sizeBytes)
  }

  list(path: string): readonly DirectoryEntry[] | undefined {
    if (!this.#directories.has(path)) return undefined
    const prefix = `${path}/`
    const inside = (name: string): boolean => name.startsWith(prefix) && !name.includes('/', prefix.length)
    const entry = (isDirectory: boolean) => (name: string) => ({ name: name.slice(prefix.length), isDirectory })
    const files = [...this.#names.keys()].filter(inside).map(entry(false))
    return [...files, ...[...this.#directories].filter(inside).map(entry(true))]
  }

  makeDirectory(path: string): void {
    for (let at = path; !this.#directories.has(at); at = parentOf(at)) this.#directories.add(at)
  }

  rename(from: string, to: string): void {
    this.#change('rename')
    if (this.#directories.has(from)) {
      this.#renameDirectory(from, to)
      return
    }
    const change = { kind: 'rename', from, to } as const
    if (!this.#names.has(from)) throw notThere(from)
    applyName(this.#names, change)
    this.#nameChanges.push(change)
  }

  // A folder that is being deleted: what is in it is worth nothing, so it moves at once and for good.
  #renameDirectory(from: string, to: string): void {
    const moved = (path: string): string | undefined =>
      path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : undefined
    for (const path of Array.from(this.#directories)) {
      const target = moved(path)
      if (target === undefined) continue
      this.#directories.delete(path)
      this.#directories.add(target)
    }
    for (const [path, inode] of Array.from(this.#names)) {
      const target = moved(path)
      if (target === undefined) continue
      this.#names.delete(path)
      this.#names.set(target, inode)
    }
    this.#durableNames = new Map(this.#names)
    this.#nameChanges = []
  }

  remove(path: string): boolean {
    if (!this.#names.has(path)) return false
    this.#change('remove')
    this.#names.delete(path)
    this.#nameChanges.push({ kind: 'unlink', path })
    return true
  }

  removeDirectory(path: string): void {
    for (const name of Array.from(this.#names.keys())) if (name.startsWith(`${path}/`)) this.remove(name)
    for (const name of Array.from(this.#directories)) {
      if (name === path || name.startsWith(`${path}/`)) this.#directories.delete(name)
    }
  }

  syncDirectory(path: string): void {
    this.#change('sync')
    const left: NameChange[] = []
    for (const change of this.#nameChanges) {
      const at = change.kind === 'rename' ? change.to : change.path
      if (parentOf(at) === path) applyName(this.#durableNames, change)
      else left.push(change)
    }
    this.#nameChanges = left
  }

  async syncDirectoryLater(path: string): Promise<void> {
    this.syncDirectory(path)
  }

  async syncLater(file: FileHandle): Promise<void> {
    file.sync()
  }

  space(): { totalBytes: number; usableBytes: number } {
    return { totalBytes: this.#capacityBytes, usableBytes: this.#capacityBytes - this.#usedBytes() }
  }

  lock(path: string): DirectoryLock {
    if (this.#locks.has(path)) throw new Error(`log directory ${path} can't be locked: this process holds it`)
    this.#locks.add(path)
    return { release: () => void this.#locks.delete(path) }
  }
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === 'link') names.set(change.path, change.inode)
  else if (change.kind === 'unlink') names.delete(change.path)
  else {
    const inode = names.get(change.from)
    names.delete(change.from)
    if (inode !== undefined) names.set(change.to, inode)
  }
}

function resized(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const changed = new Uint8Array(sizeBytes)
  changed.set(bytes.subarray(0, sizeBytes))
  return changed
}

function written(bytes: Uint8Array, position: number, part: Uint8Array): Uint8Array {
  const changed = resized(bytes, Math.max(bytes.length, position + part.length))
  changed.set(part, position)
  return changed
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

const notThere = (path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: 'ENOENT' })
