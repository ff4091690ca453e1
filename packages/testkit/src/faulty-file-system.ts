import type { Random } from '@millrace/kernel'
import type { DirectoryEntry, DirectoryLock, FileHandle, FileStatus, FileSystem, OpenMode } from '@millrace/storage'
import { DirectoryLockedError } from '@millrace/storage'
import type { FaultyFile, Luck } from './faulty-file.ts'
import { FaultyNames, notThere, parentOf } from './faulty-names.ts'

/** What the power was cut in the middle of: nothing after it happens. */
export class PowerCutError extends Error {
  override name = 'PowerCutError'
}

/** What the next call of a kind does instead of its work. */
export type Fault = {
  readonly on: 'write' | 'sync' | 'truncate' | 'rename' | 'read' | 'create'
  readonly error: string
}

type Changing = Fault['on'] | 'remove'

/**
 * Files that keep what a real disk would: after a power cut only what was synced is sure to be there. Writes that were
 * not are dropped, kept or torn, each by chance, and names that were not synced with their folder are lost from some point
 * on. Faults can be set for single calls, and the power can be cut, or the process killed, at any change in turn.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #random: Random
  readonly #names = new FaultyNames()
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

  /** Everything ends at the `count`th change from now: that one and all later ones throw; a write may have happened in part. */
  cutPowerAfter(count: number): void {
    this.#changesLeft = count
  }

  get powerIsCut(): boolean {
    return this.#changesLeft <= 0
  }

  /** The power comes back: everything is what the disk kept of it. Of what was not synced: some of it, nothing or all. */
  restorePower(luck: Luck = 'some'): void {
    this.killProcess()
    this.#names.losePower(luck, this.#random)
  }

  /** The process is gone and the machine goes on: nothing is lost but the locks. */
  killProcess(): void {
    this.#changesLeft = Infinity
    this.#faults = []
    this.#locks.clear()
  }

  #change(kind: Changing): void {
    this.changeCount += 1
    this.#changesLeft -= 1
    if (this.#changesLeft <= 0) throw new PowerCutError('the power is cut')
    this.#fault(kind)
  }

  #fault(kind: Changing): void {
    const slot = this.#faults.findIndex((fault) => fault.on === kind)
    const fault = this.#faults[slot]
    if (fault === undefined) return
    this.#faults.splice(slot, 1)
    throw new Error(fault.error)
  }

  open(path: string, mode: OpenMode): FileHandle {
    const file = this.#names.file(path)
    if (file !== undefined) return this.#handle(path, file)
    if (mode !== 'create' || !this.#names.isFolder(parentOf(path))) throw notThere(path)
    this.#change('create')
    return this.#handle(path, this.#names.makeFile(path))
  }

  #handle(path: string, file: FaultyFile): FileHandle {
    const read = (target: Uint8Array, position: number): number => {
      this.#fault('read')
      return file.read(target, position)
    }
    return {
      path,
      write: (chunks, position) => this.#write(file, concatenated(chunks), position),
      writeLater: async (chunks, position) => this.#write(file, concatenated(chunks), position),
      read,
      readLater: async (target, position) => read(target, position),
      truncate: (sizeBytes) => {
        this.#change('truncate')
        file.truncate(sizeBytes)
      },
      sync: () => {
        this.#change('sync')
        file.sync()
      },
      close: () => {},
    }
  }

  #write(file: FaultyFile, whole: Uint8Array, position: number): number {
    const isLast = this.#changesLeft === 1
    // A process that is killed within a write, and a power cut then, leave as much of it as was copied.
    if (isLast) file.write(whole.subarray(0, this.#random.below(whole.length + 1)), position)
    this.#change('write')
    const room = this.#capacityBytes - this.#usedBytes() + file.sizeBytes - position
    const bytes = whole.length > room ? whole.subarray(0, Math.max(0, room)) : whole
    file.write(bytes, position)
    return bytes.length
  }

  #usedBytes(): number {
    if (this.#capacityBytes === Infinity) return 0
    return this.#names.files().reduce((sum, file) => sum + file.sizeBytes, 0)
  }

  stat(path: string): FileStatus | undefined {
    const file = this.#names.file(path)
    if (file !== undefined) return { sizeBytes: file.sizeBytes, modifiedAtMs: 0 }
    return this.#names.isFolder(path) ? { sizeBytes: 0, modifiedAtMs: 0 } : undefined
  }

  readFile(path: string): Uint8Array | undefined {
    return this.#names.file(path)?.contents()
  }

  list(path: string): readonly DirectoryEntry[] | undefined {
    return this.#names.list(path)
  }

  makeDirectory(path: string): void {
    if (this.#names.isFolder(path)) return
    this.makeDirectory(parentOf(path))
    this.#change('create')
    this.#names.makeFolder(path)
  }

  rename(from: string, to: string): void {
    this.#change('rename')
    this.#names.rename(from, to)
  }

  remove(path: string): boolean {
    if (this.#names.file(path) === undefined) return false
    this.#change('remove')
    this.#names.remove(path)
    return true
  }

  async removeLater(path: string): Promise<boolean> {
    return this.remove(path)
  }

  async removeDirectoryLater(path: string): Promise<void> {
    this.#removeDirectory(path)
  }

  #removeDirectory(path: string): void {
    const entries = this.#names.list(path)
    if (entries === undefined) return
    for (const { name, isDirectory } of entries) {
      if (isDirectory) this.#removeDirectory(`${path}/${name}`)
      else this.remove(`${path}/${name}`)
    }
    this.#change('remove')
    this.#names.remove(path)
  }

  syncDirectory(path: string): void {
    this.#change('sync')
    this.#names.sync(path)
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
    if (this.#locks.has(path))
      throw new DirectoryLockedError(`log directory ${path} can't be locked: this process holds it`)
    this.#locks.add(path)
    return { release: () => void this.#locks.delete(path) }
  }
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
