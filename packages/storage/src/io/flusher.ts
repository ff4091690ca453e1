import { Worker } from 'node:worker_threads'
import type { FlushReply } from './flush-worker.ts'
import { workerUrl } from './worker-url.ts'

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

// fdatasync must not run on libuv's pool, which every asynchronous read shares: a cached read of 4 KiB waited 280 ms
// behind eight of them there, 2 ms otherwise. So one thread of this process does nothing else.
let worker: Worker | undefined
let lastId = 0
const waiting = new Map<number, Waiting>()

/** Makes what was written to `fd` durable, in the flusher's thread. */
export function flushLater(fd: number): Promise<void> {
  worker ??= startWorker()
  const target = worker
  lastId += 1
  const id = lastId
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    // The process stays alive for as long as somebody waits, and no longer.
    target.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
    target.postMessage({ id, fd })
  })
}

function startWorker(): Worker {
  const started = new Worker(workerUrl('./flush-worker', import.meta.url), { name: 'millrace-flusher', execArgv: [] })
  started.on('message', (reply: FlushReply) => settle(started, reply))
  started.on('error', (error) => failAll(started, error instanceof Error ? error : new Error(String(error))))
  started.unref()
  return started
}

function settle(from: Worker, reply: FlushReply): void {
  const one = waiting.get(reply.id)
  waiting.delete(reply.id)
  if (waiting.size === 0) from.unref()
  if (reply.error === undefined) one?.resolve()
  else one?.reject(new Error(reply.error))
}

function failAll(from: Worker, error: Error): void {
  if (worker === from) worker = undefined
  for (const one of waiting.values()) one.reject(error)
  waiting.clear()
}
