import type { FetchInterest } from './fetch-interest.ts'
import type { FetchPartition } from './fetch-partition.ts'

/** What of an answer decides whether an incremental response has to carry the partition. */
export interface FetchAnswer {
  readonly errorCode: number
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly sizeBytes: number
  readonly divergingEpoch?: object | undefined
}

export interface FetchSession {
  readonly id: number
  readonly privileged: boolean
  readonly usesTopicIds: boolean
  readonly createdMs: number
  readonly interest: FetchInterest
  usedMs: number
  epoch: number
}

/** Whether the client knows of a partition where it stands. */
export const isKnown = (partition: FetchPartition, answer: FetchAnswer): boolean =>
  partition.sentHighWatermark === answer.highWatermark && partition.sentLogStartOffset === answer.logStartOffset

/** Notes what the client is told now; says whether the response has to tell it. */
export function noteAnswer(interest: FetchInterest, partition: FetchPartition, answer: FetchAnswer): boolean {
  const isNews = noteSent(partition, answer)
  if (answer.sizeBytes > 0) interest.moveToEnd(partition)
  return isNews || answer.errorCode !== 0 || answer.sizeBytes > 0 || answer.divergingEpoch !== undefined
}

// An error makes the high watermark that was sent invalid, so that the partition is sent again when the error is gone.
export function noteSent(partition: FetchPartition, answer: FetchAnswer): boolean {
  const isNews = !isKnown(partition, answer)
  partition.sentHighWatermark = answer.errorCode === 0 ? answer.highWatermark : -1
  partition.sentLogStartOffset = answer.logStartOffset
  return isNews
}
