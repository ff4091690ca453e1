import type { LogState } from '../log/log-state.ts'
import { cleanedSuffix } from '../log/swap-files.ts'
import type { FileHandle } from '../io/file-system.ts'
import { segmentFile, segmentSuffixes } from '../segment/segment-files.ts'
import { Segment } from '../segment/segment.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'

const bufferBytesMax = 256 * 1024

/** A segment that compaction writes, in files that count for nothing until they are swapped in. */
export class CleanedSegment {
  readonly baseOffset: number
  readonly #state: LogState
  readonly #segment: Segment
  #waiting: Uint8Array[] = []
  #waitingBytes = 0

  constructor(state: LogState, baseOffset: number) {
    this.#state = state
    this.baseOffset = baseOffset
    this.abandon()
    const home = {
      files: state.files,
      indexCache: state.indexCache,
      folder: state.folder,
      indexIntervalBytes: state.indexIntervalBytes,
      fileSuffix: cleanedSuffix,
      onIndexRebuilt: state.onIndexRebuilt,
      rebuildTransactions: state.rebuildTransactions,
    }
    this.#segment = Segment.create(home, baseOffset, state.context.clock.wallMs())
  }

  append(batch: Uint8Array): void {
    this.#waiting.push(batch)
    this.#waitingBytes += batch.length
    if (this.#waitingBytes >= bufferBytesMax) this.#write()
  }

  keepAborted(entry: AbortedTxnEntry): void {
    this.#segment.indexes.transactions.append(entry)
  }

  #write(): void {
    const chunks = this.#waiting
    let position = this.#segment.sizeBytes
    this.#segment.write(chunks, this.#waitingBytes)
    for (const chunk of chunks) {
      this.#segment.noteBatch(chunk, 0, position)
      position += chunk.length
    }
    this.#waiting = []
    this.#waitingBytes = 0
  }

  /** Everything is written and durable when this resolves. */
  async finish(): Promise<void> {
    if (this.#waitingBytes > 0) this.#write()
    this.#segment.writeIndexes()
    const { files } = this.#state
    await Promise.all(this.paths().map((path) => files.fileSystem.syncLater(this.#open(path))))
    this.#segment.close()
  }

  #open(path: string): FileHandle {
    return this.#state.files.get(path)
  }

  get sizeBytes(): number {
    return this.#segment.sizeBytes
  }

  /** The files that there are; `.log` first. */
  paths(): string[] {
    const { fileSystem } = this.#state.files
    return segmentSuffixes
      .map((suffix) => segmentFile(this.#state.folder, this.baseOffset, suffix) + cleanedSuffix)
      .filter((path) => fileSystem.stat(path) !== undefined)
  }

  abandon(): void {
    for (const path of this.paths()) {
      this.#state.files.close(path)
      this.#state.files.fileSystem.remove(path)
    }
  }
}
