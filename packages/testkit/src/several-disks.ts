import type { FileHandle, FileSystem, OpenMode } from '@millrace/storage'

/** Files on several disks, each under a path of its own; a disk can break and come back. */
export class SeveralDisks implements FileSystem {
  readonly #files: FileSystem
  readonly #broken = new Map<string, string>()

  constructor(files: FileSystem) {
    this.#files = files
  }

  /** From now on everything on the disk under `path` fails with this code of the operating system. */
  breakDisk(path: string, code = 'EIO'): void {
    this.#broken.set(path, code)
  }

  mendDisk(path: string): void {
    this.#broken.delete(path)
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
      write: (chunks, position) => (this.#at(path), file.write(chunks, position)),
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

  removeDirectory(path: string): void {
    this.#at(path).removeDirectory(path)
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
