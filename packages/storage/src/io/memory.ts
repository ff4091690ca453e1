import type { DirectoryEntry, DirectoryLock, FileHandle, FileStatus, FileSystem, OpenMode } from './file-system.ts'
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
  readonly #files = new Map<string, MemoryFile>()
  readonly #directories = new Set<string>(['', '/'])
  readonly #locked = new Set<string>()
  readonly #capacityBytes: number
  readonly #nowMs: () => number
  #usedBytes = 0

  constructor(capacityBytes: number, nowMs: () => number) {
    this.#capacityBytes = capacityBytes
    this.#nowMs = nowMs
  }

  open(path: string, mode: OpenMode): FileHandle {
    let file = this.#files.get(path)
    if (file === undefined) {
      if (mode === 'existing') throw notThere(path)
      if (!this.#directories.has(parentOf(path))) throw notThere(parentOf(path))
      file = { bytes: new PagedBytes(), modifiedAtMs: this.#nowMs() }
      this.#files.set(path, file)
    }
    return this.#handle(path, file)
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
    const file = this.#files.get(path)
    if (file !== undefined) return { sizeBytes: file.bytes.sizeBytes, modifiedAtMs: file.modifiedAtMs }
    return this.#directories.has(path) ? { sizeBytes: 0, modifiedAtMs: 0 } : undefined
  }

  readFile(path: string): Uint8Array | undefined {
    const file = this.#files.get(path)
    if (file === undefined) return undefined
    const whole = new Uint8Array(file.bytes.sizeBytes)
    file.bytes.read(whole, 0)
    return whole
  }

  list(path: string): readonly DirectoryEntry[] | undefined {
    if (!this.#directories.has(path)) return undefined
    const prefix = `${path}/`
    const inside = (name: string): boolean => name.startsWith(prefix) && !name.includes('/', prefix.length)
    const named = (isDirectory: boolean) => (name: string) => ({ name: name.slice(prefix.length), isDirectory })
    return [
      ...[...this.#files.keys()].filter(inside).map(named(false)),
      ...[...this.#directories].filter(inside).map(named(true)),
    ]
  }

  makeDirectory(path: string): void {
    for (let at = path; !this.#directories.has(at); at = parentOf(at)) this.#directories.add(at)
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from)
    if (file !== undefined) {
      this.remove(to)
      this.#files.delete(from)
      this.#files.set(to, file)
      return
    }
    if (!this.#directories.has(from)) throw notThere(from)
    this.#renameDirectory(from, to)
  }

  #renameDirectory(from: string, to: string): void {
    const moved = (path: string): boolean => path === from || path.startsWith(`${from}/`)
    for (const path of [...this.#directories].filter(moved)) {
      this.#directories.delete(path)
      this.#directories.add(to + path.slice(from.length))
    }
    for (const [path, file] of [...this.#files].filter(([name]) => moved(name))) {
      this.#files.delete(path)
      this.#files.set(to + path.slice(from.length), file)
    }
  }

  remove(path: string): boolean {
    this.#usedBytes -= this.#files.get(path)?.bytes.sizeBytes ?? 0
    return this.#files.delete(path)
  }

  removeDirectory(path: string): void {
    const gone = (name: string): boolean => name === path || name.startsWith(`${path}/`)
    for (const name of [...this.#files.keys()].filter(gone)) this.remove(name)
    for (const name of [...this.#directories].filter(gone)) this.#directories.delete(name)
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
    if (this.#locked.has(path)) throw new Error(`log directory ${path} can't be locked: this process holds it`)
    this.#locked.add(path)
    return { release: () => void this.#locked.delete(path) }
  }
}

async function attempt(work: () => void): Promise<void> {
  work()
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

const notThere = (path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: 'ENOENT' })
