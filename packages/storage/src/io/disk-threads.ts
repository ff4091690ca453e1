import { Worker } from 'node:worker_threads'
import type { DiskReply, DiskRequest } from './disk-worker.ts'
import { workerUrl } from './worker-url.ts'

interface Waiting {
  resolve(written: number): void
  reject(error: Error): void
}

type Work =
  | { readonly kind: 'sync'; readonly fd: number }
  | { readonly kind: 'write'; readonly fd: number; readonly bytes: Uint8Array<ArrayBuffer>; readonly position: number }
  | { readonly kind: 'remove'; readonly path: string; readonly isDirectory: boolean }

/** A thread that does one kind of work on one device, so that nobody waits for another one's. */
class DiskThread {
  readonly #name: string
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #lastId = 0

  constructor(name: string) {
    this.#name = name
  }

  ask(work: Work): Promise<number> {
    const target = (this.#worker ??= this.#start())
    this.#lastId += 1
    const request: DiskRequest = { ...work, id: this.#lastId }
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject })
      // The process stays alive for as long as somebody waits, and no longer.
      target.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
      target.postMessage(request, request.kind === 'write' ? [request.bytes.buffer as ArrayBuffer] : [])
    })
  }

  #start(): Worker {
    const started = new Worker(workerUrl('./disk-worker', import.meta.url), { name: this.#name, execArgv: [] })
    started.on('message', (reply: DiskReply) => this.#settle(started, reply))
    started.on('error', (error) => this.#failAll(error instanceof Error ? error : new Error(String(error))))
    started.unref()
    return started
  }

  #settle(from: Worker, { id, written, error }: DiskReply): void {
    const one = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) from.unref()
    if (error === undefined) one?.resolve(written)
    else one?.reject(Object.assign(new Error(error.message), { code: error.code }))
  }

  #failAll(error: Error): void {
    this.#worker = undefined
    for (const one of this.#waiting.values()) one.reject(error)
    this.#waiting.clear()
  }
}

const threads = new Map<string, DiskThread>()

function threadOf(kind: Work['kind'], device: number): DiskThread {
  const name = `millrace-${kind}-${device}`
  const known = threads.get(name)
  if (known !== undefined) return known
  const made = new DiskThread(name)
  threads.set(name, made)
  return made
}

/**
 * Makes what was written to `fd` durable. Not on libuv's pool, which every asynchronous read shares: a cached read of
 * 4 KiB waited 280 ms behind eight fdatasyncs there, 2 ms otherwise.
 */
export async function syncInThread(fd: number, device: number): Promise<void> {
  await threadOf('sync', device).ask({ kind: 'sync', fd })
}

/** Writes a copy of the chunks back to back; resolves with the bytes written, which may be fewer on a full disk. */
export function writeInThread(
  fd: number,
  device: number,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<number> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return threadOf('write', device).ask({ kind: 'write', fd, bytes, position })
}

/** Removes a file, or a folder with all that is in it. Says whether there was such a file. */
export const removeInThread = async (path: string, device: number, isDirectory: boolean): Promise<boolean> =>
  (await threadOf('remove', device).ask({ kind: 'remove', path, isDirectory })) > 0
