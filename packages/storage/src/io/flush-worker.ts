// Runs in a worker thread: makes files durable one after the other. File descriptors are the whole process's, so the
// number is all that has to be sent.
import { fdatasyncSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

export interface FlushRequest {
  readonly id: number
  readonly fd: number
}

export interface FlushReply {
  readonly id: number
  /** Absent where it worked. */
  readonly error?: string
}

function flush(request: FlushRequest): FlushReply {
  try {
    fdatasyncSync(request.fd)
    return { id: request.id }
  } catch (error) {
    return { id: request.id, error: error instanceof Error ? error.message : String(error) }
  }
}

parentPort?.on('message', (request: FlushRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
  parentPort?.postMessage(flush(request))
})
