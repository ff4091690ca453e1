import type { DirectoryEntry, DirectoryLock, FileHandle, FileStatus, FileSystem, OpenMode } from './file-system.ts'
import { DirectoryLockedError } from './file-system.ts'
import { PagedBytes } from './paged-bytes.ts'

export interface MemoryFileSystemOptions {
  /** What the pretended disk holds; a write beyond it comes back short. */
  readonly capacityBytes?: number
  /** Time of changes, for files whose records carry no time. */
  readonly nowMs?: () => number
}

/** Files in memory, for tests and for brokers that keep nothing. Paths are as on a disk. */
export function memoryFileSystem(options: MemoryFileSystemOptions = {}): FileSystem {
  return new MemoryFileSystem(options.capacityBytes ?? 2 ** 40, options.nowMs ?? (() => 0))
}

interface MemoryFile {
  readonly bytes: PagedBytes
  modifiedAtMs: number
}

class MemoryFileSystem implements FileSystem {
  /** What lies in each folder, by name; null is a folder. A listing costs what is in it, however many others there are. */
  readonly #folders = new Map<string, Map<string, MemoryFile | null>>([
    ['', new Map()],
    ['/', new Map()],
  ])
  readonly #locked = new Set<string>()
  readonly #capacityBytes: number
  readonly #nowMs: () => number
  #usedBytes = 0

  constructor(capacityBytes: number, nowMs: () => number) {
    this.#capacityBytes = capacityBytes
    this.#nowMs = nowMs
  }

  open(path: string, mode: OpenMode): FileHandle {
    const found = this.#file(path)
    if (found !== undefined) return this.#handle(path, found)
    if (mode !== 'create') throw notThere(path)
    const file = { bytes: new PagedBytes(), modifiedAtMs: this.#nowMs() }
    this.#folder(parentOf(path)).set(nameOf(path), file)
    return this.#handle(path, file)
  }

  #file(path: string): MemoryFile | undefined {
    return this.#folders.get(parentOf(path))?.get(nameOf(path)) ?? undefined
  }

  #folder(path: string): Map<string, MemoryFile | null> {
    const folder = this.#folders.get(path)
    if (folder === undefined) throw notThere(path)
    return folder
  }

  #handle(path: string, file: MemoryFile): FileHandle {
    const { bytes } = file
    const resize = (sizeBytes: number): void => {
      this.#usedBytes += sizeBytes - bytes.sizeBytes
      bytes.resize(sizeBytes)
      file.modifiedAtMs = this.#nowMs()
    }
    return {
      path,
      write: (chunks, position) => this.#write(bytes, resize, chunks, position),
      writeLater: async (chunks, position) => this.#write(bytes, resize, chunks, position),
      read: (target, position) => bytes.read(target, position),
      readLater: (target, position) => Promise.resolve(bytes.read(target, position)),
      truncate: resize,
      sync: () => {},
      close: () => {},
    }
  }

  #write(bytes: PagedBytes, resize: (size: number) => void, chunks: readonly Uint8Array[], position: number): number {
    let written = 0
    for (const chunk of chunks) {
      const end = position + written + chunk.length
      const room = this.#capacityBytes - this.#usedBytes + bytes.sizeBytes - (position + written)
      const part = room < chunk.length ? chunk.subarray(0, Math.max(0, room)) : chunk
      if (end > bytes.sizeBytes) resize(end - chunk.length + part.length)
      bytes.write(part, position + written)
      written += part.length
      if (part.length < chunk.length) break
    }
    return written
  }

  stat(path: string): FileStatus | undefined {
    const file = this.#file(path)
    if (file !== undefined) return { sizeBytes: file.bytes.sizeBytes, modifiedAtMs: file.modifiedAtMs }
    return this.#folders.has(path) ? { sizeBytes: 0, modifiedAtMs: 0 } : undefined
  }

  readFile(path: string): Uint8Array | undefined {
    const file = this.#file(path)
    if (file === undefined) return undefined
    const whole = new Uint8Array(file.bytes.sizeBytes)
    file.bytes.read(whole, 0)
    return whole
  }

  list(path: string): readonly DirectoryEntry[] | undefined {
    const folder = this.#folders.get(path)
    return folder && [...folder].map(([name, file]) => ({ name, isDirectory: file === null }))
  }

  makeDirectory(path: string): void {
    if (this.#folders.has(path)) return
    this.makeDirectory(parentOf(path))
    this.#folders.set(path, new Map())
    this.#folder(parentOf(path)).set(nameOf(path), null)
  }

  rename(from: string, to: string): void {
    const file = this.#file(from)
    if (file === undefined && !this.#folders.has(from)) throw notThere(from)
    const target = this.#folder(parentOf(to))
    if (file === undefined) this.#moveFolder(from, to)
    else this.remove(to)
    this.#folder(parentOf(from)).delete(nameOf(from))
    target.set(nameOf(to), file ?? null)
  }

  #moveFolder(from: string, to: string): void {
    const folder = this.#folder(from)
    this.#folders.delete(from)
    this.#folders.set(to, folder)
    for (const [name, file] of folder) if (file === null) this.#moveFolder(`${from}/${name}`, `${to}/${name}`)
  }

  remove(path: string): boolean {
    const file = this.#file(path)
    if (file === undefined) return false
    this.#usedBytes -= file.bytes.sizeBytes
    return this.#folder(parentOf(path)).delete(nameOf(path))
  }

  async removeLater(path: string): Promise<boolean> {
    return this.remove(path)
  }

  async removeDirectoryLater(path: string): Promise<void> {
    this.#removeDirectory(path)
  }

  #removeDirectory(path: string): void {
    for (const [name, file] of this.#folders.get(path) ?? []) {
      if (file === null) this.#removeDirectory(`${path}/${name}`)
      else this.remove(`${path}/${name}`)
    }
    this.#folders.delete(path)
    this.#folders.get(parentOf(path))?.delete(nameOf(path))
  }

  syncDirectory(_path: string): void {}

  async syncDirectoryLater(_path: string): Promise<void> {}

  syncLater(file: FileHandle): Promise<void> {
    return attempt(() => file.sync())
  }

  space(): { totalBytes: number; usableBytes: number } {
    return { totalBytes: this.#capacityBytes, usableBytes: Math.max(0, this.#capacityBytes - this.#usedBytes) }
  }

  lock(path: string): DirectoryLock {
    if (this.#locked.has(path))
      throw new DirectoryLockedError(`log directory ${path} can't be locked: this process holds it`)
    this.#locked.add(path)
    return { release: () => void this.#locked.delete(path) }
  }
}

async function attempt(work: () => void): Promise<void> {
  work()
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const notThere = (path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: 'ENOENT' })
