import * as fs from 'node:fs'
import { syncInThread, writeInThread } from './disk-threads.ts'
import type { FileHandle } from './file-system.ts'

// The kernel takes at most this many buffers in one writev.
const chunksPerWriteMax = 1_024

/** An open file of the operating system. */
export class DiskFile implements FileHandle {
  readonly path: string
  readonly #fd: number
  #underWay = 0
  #closed = false

  constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  write(chunks: readonly Uint8Array[], position: number): number {
    const [first] = chunks
    if (first === undefined) return 0
    if (chunks.length === 1) return fs.writeSync(this.#fd, first, 0, first.length, position)
    if (chunks.length <= chunksPerWriteMax) return fs.writevSync(this.#fd, chunks, position)
    return this.#writeInParts(chunks, position)
  }

  /** In a thread of the file's device, for a disk that makes its writers wait. */
  writeLater(chunks: readonly Uint8Array[], position: number): Promise<number> {
    return this.during((fd) => writeInThread(fd, this.#device(), chunks, position))
  }

  syncLater(): Promise<void> {
    return this.during((fd) => syncInThread(fd, this.#device()))
  }

  #device(): number {
    return fs.fstatSync(this.#fd).dev
  }

  #writeInParts(chunks: readonly Uint8Array[], position: number): number {
    let written = 0
    for (let from = 0; from < chunks.length; from += chunksPerWriteMax) {
      const part = chunks.slice(from, from + chunksPerWriteMax)
      const wanted = part.reduce((sum, chunk) => sum + chunk.length, 0)
      const got = fs.writevSync(this.#fd, part, position + written)
      written += got
      if (got < wanted) break
    }
    return written
  }

  read(target: Uint8Array, position: number): number {
    let filled = 0
    while (filled < target.length) {
      const got = fs.readSync(this.#fd, target, filled, target.length - filled, position + filled)
      if (got === 0) break
      filled += got
    }
    return filled
  }

  readLater(target: Uint8Array, position: number): Promise<number> {
    return this.during((fd) => readFully(fd, target, position))
  }

  truncate(sizeBytes: number): void {
    fs.ftruncateSync(this.#fd, sizeBytes)
  }

  sync(): void {
    fs.fdatasyncSync(this.#fd)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#underWay === 0) fs.closeSync(this.#fd)
  }

  /** Keeps the file open until `work` is done, whoever closes it meanwhile. */
  async during<T>(work: (fd: number) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error(`${this.path} is closed`)
    this.#underWay += 1
    try {
      return await work(this.#fd)
    } finally {
      this.#underWay -= 1
      if (this.#closed && this.#underWay === 0) fs.closeSync(this.#fd)
    }
  }
}

async function readFully(fd: number, target: Uint8Array, position: number): Promise<number> {
  let filled = 0
  while (filled < target.length) {
    const got = await readOnce(fd, target, filled, position + filled)
    if (got === 0) break
    filled += got
  }
  return filled
}

function readOnce(fd: number, target: Uint8Array, from: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, target, from, target.length - from, position, (error, bytes) => {
      if (error === null) resolve(bytes)
      else reject(error)
    })
  })
}
