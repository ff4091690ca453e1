// Runs in a worker thread: looks into large batches and compresses them anew, one after the other.
import { errorMessage } from '@millrace/kernel'
import { parentPort } from 'node:worker_threads'
import type { CheckContext, CheckedBatch } from './check-client-append.ts'
import { rewriteBatch } from './rewrite-batch.ts'

export interface BatchRequest {
  readonly bytes: Uint8Array
  readonly context: CheckContext
}

/** An error is a bug: what is wrong with a batch is a refusal. */
export type BatchReply = { readonly checked: CheckedBatch } | { readonly error: string }

function answer({ bytes, context }: BatchRequest): BatchReply {
  try {
    return { checked: rewriteBatch(bytes, context) }
  } catch (error) {
    return { error: errorMessage(error) }
  }
}

parentPort?.on('message', (request: BatchRequest) => {
  const reply = answer(request)
  const isWritten = 'checked' in reply && 'bytes' in reply.checked
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
  parentPort?.postMessage(reply, isWritten ? [reply.checked.bytes.buffer as ArrayBuffer] : [])
})
