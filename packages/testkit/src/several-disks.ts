import type { FileHandle, FileSystem, OpenMode } from '@millrace/storage'

/** What a slow disk does to who writes: `block` before a write that the caller waits for in its turn, `wait` before others. */
export interface Slowness {
  block(): void
  wait(): Promise<void>
}

/** Files on several disks, each under a path of its own; a disk can break, turn slow, and come back. */
export class SeveralDisks implements FileSystem {
  readonly #files: FileSystem
  readonly #broken = new Map<string, string>()
  readonly #slow = new Map<string, Slowness>()

  constructor(files: FileSystem) {
    this.#files = files
  }

  /** From now on everything on the disk under `path` fails with this code of the operating system. */
  breakDisk(path: string, code = 'EIO'): void {
    this.#broken.set(path, code)
  }

  /** From now on writes to files of the disk under `path` take their time. */
  slowDisk(path: string, slowness: Slowness): void {
    this.#slow.set(path, slowness)
  }

  mendDisk(path: string): void {
    this.#broken.delete(path)
    this.#slow.delete(path)
  }

  #slownessOf(path: string): Slowness | undefined {
    for (const [disk, slowness] of this.#slow) if (path.startsWith(`${disk}/`)) return slowness
    return undefined
  }

  async #writeLater(file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<number> {
    const copies = chunks.map((chunk) => new Uint8Array(chunk))
    await this.#slownessOf(file.path)?.wait()
    return this.#at(file.path) && file.writeLater(copies, position)
  }

  #write(file: FileHandle, chunks: readonly Uint8Array[], position: number): number {
    this.#slownessOf(file.path)?.block()
    return this.#at(file.path) && file.write(chunks, position)
  }

  #at(path: string): FileSystem {
    for (const [disk, code] of this.#broken) {
      if (path !== disk && !path.startsWith(`${disk}/`)) continue
      throw Object.assign(new Error(`${code}: the disk is broken, '${path}'`), { code })
    }
    return this.#files
  }

  open(path: string, mode: OpenMode): FileHandle {
    const file = this.#at(path).open(path, mode)
    return {
      path,
      write: (chunks, position) => this.#write(file, chunks, position),
      writeLater: (chunks, position) => this.#writeLater(file, chunks, position),
      read: (target, position) => (this.#at(path), file.read(target, position)),
      readLater: async (target, position) => (this.#at(path), file.readLater(target, position)),
      truncate: (sizeBytes) => (this.#at(path), file.truncate(sizeBytes)),
      sync: () => (this.#at(path), file.sync()),
      close: () => file.close(),
    }
  }

  stat(path: string): ReturnType<FileSystem['stat']> {
    return this.#at(path).stat(path)
  }

  readFile(path: string): Uint8Array | undefined {
    return this.#at(path).readFile(path)
  }

  list(path: string): ReturnType<FileSystem['list']> {
    return this.#at(path).list(path)
  }

  makeDirectory(path: string): void {
    this.#at(path).makeDirectory(path)
  }

  rename(from: string, to: string): void {
    this.#at(from).rename(from, to)
  }

  remove(path: string): boolean {
    return this.#at(path).remove(path)
  }

  async removeLater(path: string): Promise<boolean> {
    return this.#at(path).removeLater(path)
  }

  async removeDirectoryLater(path: string): Promise<void> {
    await this.#at(path).removeDirectoryLater(path)
  }

  syncDirectory(path: string): void {
    this.#at(path).syncDirectory(path)
  }

  async syncDirectoryLater(path: string): Promise<void> {
    await this.#at(path).syncDirectoryLater(path)
  }

  async syncLater(file: FileHandle): Promise<void> {
    this.#at(file.path)
    file.sync()
  }

  space(path: string): ReturnType<FileSystem['space']> {
    return this.#at(path).space(path)
  }

  lock(path: string): ReturnType<FileSystem['lock']> {
    return this.#at(path).lock(path)
  }
}
