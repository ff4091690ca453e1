import type { FrameMemory } from '@millrace/protocol'
import { sharedRead } from './shared-read.ts'

/** Memory for an answer that comes in pieces: at least so many bytes, the caller's from then on. */
export type TakeMemory = (sizeBytes: number) => Uint8Array

/** Where the answers of a connection lie: they belong to who asked. */
export interface AnswerMemory {
  /** For what comes in pieces. */
  readonly frames: FrameMemory
  /** What the one who asked gets: an answer that lies in what all sockets read into is copied. */
  readonly handOut: (frame: Uint8Array) => Uint8Array
}

const newMemory: TakeMemory = (sizeBytes) => Buffer.allocUnsafeSlow(sizeBytes)

export const answerMemory = (take: TakeMemory = newMemory): AnswerMemory => ({
  frames: { take, give: () => {} },
  handOut: (frame) => (frame.buffer === sharedRead.buffer ? new Uint8Array(frame) : frame),
})
