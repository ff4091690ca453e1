import type { FrameMemory } from '@millrace/protocol'
import { sharedRead } from './shared-read.ts'

/** Where the answers of a connection lie. */
export interface AnswerMemory {
  /** For what comes in pieces. */
  readonly frames: FrameMemory
  /** What the one who asked gets. */
  readonly handOut: (frame: Uint8Array) => Uint8Array
}

/** Answers belong to who asked: one that lies in what all sockets read into is copied. */
export const keptAnswers: AnswerMemory = {
  frames: { take: (sizeBytes) => Buffer.allocUnsafeSlow(sizeBytes), give: () => {} },
  handOut: (frame) => (frame.buffer === sharedRead.buffer ? new Uint8Array(frame) : frame),
}

/** Answers are lent, one at a time: their memory, as large as the largest so far, is used again. */
export function lentAnswers(): AnswerMemory {
  let memory = new Uint8Array(0)
  const take = (sizeBytes: number): Uint8Array => {
    if (memory.length < sizeBytes) memory = Buffer.allocUnsafeSlow(sizeBytes)
    return memory
  }
  return { frames: { take, give: () => {} }, handOut: (frame) => frame }
}
