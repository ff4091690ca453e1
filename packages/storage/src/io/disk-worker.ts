// Runs in a worker thread: what waits for a device, one thing after the other. File descriptors are the whole process's,
// so the number is all that has to be sent.
import { fdatasyncSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

export type DiskRequest = { readonly id: number } & (
  | { readonly kind: 'sync'; readonly fd: number }
  | { readonly kind: 'write'; readonly fd: number; readonly bytes: Uint8Array; readonly position: number }
  | { readonly kind: 'remove'; readonly path: string; readonly isDirectory: boolean }
)

export interface DiskReply {
  readonly id: number
  /** Bytes written, for a write; for a removal whether there was such a file, 1 or 0. */
  readonly written: number
  /** Absent where it worked. */
  readonly error?: { readonly message: string; readonly code: string | undefined }
}

function work(request: DiskRequest): number {
  if (request.kind === 'write') return writeSync(request.fd, request.bytes, 0, request.bytes.length, request.position)
  if (request.kind === 'remove') return remove(request.path, request.isDirectory)
  fdatasyncSync(request.fd)
  return 0
}

function remove(path: string, isDirectory: boolean): number {
  try {
    if (isDirectory) rmSync(path, { recursive: true, force: true })
    else unlinkSync(path)
    return 1
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
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
