import { errorMessage } from '@millrace/kernel'
import { leaderEpochFile } from '../checkpoint/leader-epoch-checkpoint.ts'
import { isDeviceError } from '../io/disk-errors.ts'
import { partitionMetadataFile } from '../checkpoint/partition-metadata.ts'
import type { Segment } from '../segment/segment.ts'
import type { LogState } from './log-state.ts'
import { removeSnapshots, writeSnapshot } from './producer-replay.ts'

// A snapshot of the producers is taken once this much was written behind the last, so that a recovery reads no more. One
// with each flush held up the event loop for 430 ms in 4 GB: making and removing files waits for the disk.
const snapshotEveryBytes = 32 * 1024 * 1024

/** Makes logs durable. Who asks while a flush is under way shares the next one. */
export class LogFlusher {
  readonly #state: LogState
  readonly #nothingWaits: () => boolean
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(state: LogState, nothingWaits: () => boolean) {
    this.#state = state
    this.#nothingWaits = nothingWaits
  }

  flush(): Promise<void> {
    if (this.#running === undefined) return this.#start()
    const again = async (): Promise<void> => {
      await Promise.allSettled([this.#running])
      this.#next = undefined
      await this.#start()
    }
    this.#next ??= again()
    return this.#next
  }

  #start(): Promise<void> {
    const run = async (): Promise<void> => {
      try {
        await this.#flushNow()
      } finally {
        this.#running = undefined
      }
    }
    this.#running = run()
    return this.#running
  }

  async #flushNow(): Promise<void> {
    const state = this.#state
    if (state.offlineReason !== undefined) throw new Error(state.offlineReason)
    const until = state.logEndOffset
    // A stop that were called clean with a cut that the disk doesn't know of would let the old end come back.
    if (until === state.recoveryPoint && state.cutsAreDurable) return
    const { fileSystem } = state.files
    // The one before it may have been cut there, and its old end must not come back.
    const segments = state.segments.from(state.recoveryPoint - 1)
    try {
      this.#writeBeside(segments)
    } catch (error) {
      // Without room for it the flush fails, and the next one tries again: no byte was promised yet.
      if (isDeviceError(error)) state.home.fail(`what lies beside ${state.folder} failed: ${errorMessage(error)}`)
      throw error
    }
    state.cutsAreDurable = true
    try {
      await Promise.all([...segments.map((segment) => fileSystem.syncLater(segment.file())), this.syncIndexes()])
      await this.syncBeside()
    } catch (error) {
      if (state.deleted) return
      // The kernel has dropped what it could not write: asking again would say that all is well.
      state.home.fail(`${state.folder} could not be made durable: ${errorMessage(error)}`)
      throw error
    }
    state.recoveryPoint = Math.max(state.recoveryPoint, Math.min(until, state.logEndOffset))
    state.home.checkpointDue('recoveryPoint')
  }

  /** What lies beside the segments: leader epochs, the topic's id, and the names of all files. */
  async syncBeside(): Promise<void> {
    const state = this.#state
    const { fileSystem } = state.files
    if (!state.epochsAreDurable) await this.#syncSmall(leaderEpochFile)
    if (!state.folderIsDurable) await this.#syncSmall(partitionMetadataFile)
    state.epochsAreDurable = true
    if (!state.namesAreDurable) {
      state.namesAreDurable = true
      await fileSystem.syncDirectoryLater(state.folder)
    }
    if (!state.folderIsDurable) await state.home.syncNames()
    state.folderIsDurable = true
  }

  async #syncSmall(name: string): Promise<void> {
    const { fileSystem } = this.#state.files
    const path = `${this.#state.folder}/${name}`
    if (fileSystem.stat(path) === undefined) return
    const file = fileSystem.open(path, 'existing')
    try {
      await fileSystem.syncLater(file)
    } finally {
      file.close()
    }
  }

  #writeBeside(segments: readonly Segment[]): void {
    const state = this.#state
    // A recovery reads more where some are old; a slow disk would hold up everybody.
    const { isSlow } = state.home
    const { active } = state.segments
    for (const segment of segments) if (segment !== active) segment.writeIndexes()
    if (isSlow) active.writeTransactions()
    else active.writeIndexesNowAndThen()
    state.writeEpochs()
    if (isSlow || state.bytesSinceSnapshot < snapshotEveryBytes || !this.#nothingWaits()) return
    const bases = new Set(state.segments.all.map((segment) => segment.baseOffset))
    const behind = state.recoveryPoint
    writeSnapshot(state, state.logEndOffset)
    removeSnapshots(state, (offset) => offset < behind && !bases.has(offset))
  }

  /** A recovery, and a start after a clean stop, take what they say of what is durable for true. */
  async syncIndexes(): Promise<void> {
    const { files, folder, unsyncedIndexes } = this.#state
    const paths = [...unsyncedIndexes]
      .map((name) => `${folder}/${name}`)
      .filter((path) => files.fileSystem.stat(path) !== undefined)
    unsyncedIndexes.clear()
    await Promise.all(paths.map((path) => files.fileSystem.syncLater(files.get(path))))
  }
}

/** Makes what is in the log durable before it returns. Nothing may wait to be written. */
export function flushInTurn(state: LogState): void {
  for (const segment of state.segments.from(state.recoveryPoint - 1)) {
    segment.writeIndexes()
    segment.file().sync()
  }
  for (const name of state.unsyncedIndexes) state.files.get(`${state.folder}/${name}`).sync()
  state.unsyncedIndexes.clear()
  state.cutsAreDurable = true
  state.writeEpochs()
  state.files.fileSystem.syncDirectory(state.folder)
  state.recoveryPoint = state.logEndOffset
  state.home.checkpointDue('recoveryPoint')
}
