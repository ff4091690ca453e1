import type { Batch } from './batch.ts'

/**
 * What a producer did since it was made: Kafka's names in camelCase, sizes in
 * bytes, times in milliseconds. Averages and maxima are over all that time, not over a window as in Kafka.
 */
export interface ProducerMetrics {
  /** Records that the broker has, or with acks 0 that were sent. */
  readonly recordSendTotal: number
  /** Records that failed after they had been put into a batch. */
  readonly recordErrorTotal: number
  /** Records of batches that were sent again, each time. */
  readonly recordRetryTotal: number
  /** Bytes of batches as they went out, sent for the first time. */
  readonly byteTotal: number
  readonly batchSizeAvg: number
  readonly batchSizeMax: number
  readonly recordsPerBatchAvg: number
  /** Batches that were too large for the broker. */
  readonly batchSplitTotal: number
  /** From a batch's first record until it is sent for the first time. */
  readonly recordQueueTimeAvg: number
  readonly recordQueueTimeMax: number
  readonly bufferTotalBytes: number
  readonly bufferAvailableBytes: number
  /** Records that wait for room in the buffer, or for their topic's metadata. */
  readonly waitingRecords: number
}

/** Counts what becomes of batches. */
export class BatchCounts {
  #recordsSent = 0
  #recordsFailed = 0
  #recordsRetried = 0
  #batches = 0
  #records = 0
  #bytes = 0
  #largestBytes = 0
  #splits = 0
  #queuedSumMs = 0
  #queuedMostMs = 0

  sent(batch: Batch, sizeBytes: number, nowMs: number): void {
    if (batch.attempts > 1) {
      this.#recordsRetried += batch.recordCount
      return
    }
    const queuedMs = nowMs - batch.createdAtMs
    this.#batches += 1
    this.#records += batch.recordCount
    this.#bytes += sizeBytes
    this.#largestBytes = Math.max(this.#largestBytes, sizeBytes)
    this.#queuedSumMs += queuedMs
    this.#queuedMostMs = Math.max(this.#queuedMostMs, queuedMs)
  }

  split(): void {
    this.#splits += 1
  }

  done(batch: Batch): void {
    const failed = batch.failedCount
    this.#recordsFailed += failed
    this.#recordsSent += batch.recordCount - failed
  }

  get metrics(): Omit<ProducerMetrics, 'bufferTotalBytes' | 'bufferAvailableBytes' | 'waitingRecords'> {
    const perBatch = (sum: number): number => (this.#batches === 0 ? 0 : sum / this.#batches)
    return {
      recordSendTotal: this.#recordsSent,
      recordErrorTotal: this.#recordsFailed,
      recordRetryTotal: this.#recordsRetried,
      byteTotal: this.#bytes,
      batchSizeAvg: perBatch(this.#bytes),
      batchSizeMax: this.#largestBytes,
      recordsPerBatchAvg: perBatch(this.#records),
      batchSplitTotal: this.#splits,
      recordQueueTimeAvg: perBatch(this.#queuedSumMs),
      recordQueueTimeMax: this.#queuedMostMs,
    }
  }
}
