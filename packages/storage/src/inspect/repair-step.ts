import type { FileSystem } from '../io/file-system.ts'

/** One thing that a repair does; nothing is done before `run`. */
export interface RepairStep {
  readonly partition: string | null
  /** `cut` and `salvage` change a segment, `set aside` moves a file, `rebuild` makes one from the log. */
  readonly action: 'cut' | 'salvage' | 'set aside' | 'rebuild' | 'rewrite'
  readonly path: string
  /** What comes of it, in words. */
  readonly what: string
  readonly run: () => void
}

/** Where what is taken away is kept; made when it is needed. */
export class Quarantine {
  readonly path: string
  readonly #fileSystem: FileSystem

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem
    this.path = path
  }

  /** Moves a file or folder there. */
  take(path: string): void {
    this.#fileSystem.makeDirectory(this.path)
    this.#fileSystem.rename(path, `${this.path}/${nameOf(path)}`)
    this.#fileSystem.syncDirectory(this.path)
  }

  /** Keeps a stretch of a file there. */
  keepBytes(path: string, from: number, until: number): void {
    this.#fileSystem.makeDirectory(this.path)
    copyRanges(this.#fileSystem, path, `${this.path}/${nameOf(path)}.from-${from}`, [{ from, until }])
    this.#fileSystem.syncDirectory(this.path)
  }
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const copyBytes = 1024 * 1024

/** Writes stretches of a file one after the other into a new one, and makes it durable. */
export function copyRanges(
  fileSystem: FileSystem,
  from: string,
  to: string,
  ranges: readonly { readonly from: number; readonly until: number }[],
): void {
  const source = fileSystem.open(from, 'read')
  const target = fileSystem.open(to, 'create')
  try {
    target.truncate(0)
    let written = 0
    for (const range of ranges) {
      for (let at = range.from; at < range.until; at += copyBytes) {
        const buffer = new Uint8Array(Math.min(copyBytes, range.until - at))
        const got = source.read(buffer, at)
        if (got !== buffer.length) throw new Error(`${from}: read ${got} of ${buffer.length} bytes at byte ${at}`)
        const put = target.write([buffer], written)
        if (put !== got) throw new Error(`${to}: wrote ${put} of ${got} bytes: no space is left`)
        written += got
      }
    }
    target.sync()
  } finally {
    source.close()
    target.close()
  }
}
