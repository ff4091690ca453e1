// Runs in a worker thread: what waits for a device, one thing after the other. File descriptors are the whole process's,
// so the number is all that has to be sent.
import { fdatasyncSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

export type DiskRequest = { readonly id: number; readonly fd: number } & (
  | { readonly kind: 'sync' }
  | { readonly kind: 'write'; readonly bytes: Uint8Array; readonly position: number }
)

export interface DiskReply {
  readonly id: number
  /** Bytes written, for a write. */
  readonly written: number
  /** Absent where it worked. */
  readonly error?: { readonly message: string; readonly code: string | undefined }
}

function work(request: DiskRequest): number {
  if (request.kind === 'write') return writeSync(request.fd, request.bytes, 0, request.bytes.length, request.position)
  fdatasyncSync(request.fd)
  return 0
}

function answer(request: DiskRequest): DiskReply {
  try {
    return { id: request.id, written: work(request) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    const message = error instanceof Error ? error.message : String(error)
    return { id: request.id, written: 0, error: { message, code } }
  }
}

parentPort?.on('message', (request: DiskRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
  parentPort?.postMessage(answer(request))
})
