import type { FileHandle, FileSystem } from '../io/file-system.ts'
import { CompactionAbandonedError } from './compaction-job.ts'
import type { CompactionThread, JobCalls } from './compaction-thread.ts'
import type { JobHost } from './compaction-job.ts'
import { runJob } from './run-job.ts'

// Between slices of this size others get their turn: under a millisecond of work, some more where it is compressed.
const sliceBytes = 64 * 1024

/** Runs jobs in slices on the event loop: for files that no other thread can reach, those in memory. */
export function loopThread(fileSystem: FileSystem, pause: () => Promise<void>): CompactionThread {
  return {
    run: (job, calls) => runJob(job, loopHost(fileSystem, pause, calls)),
    close: async () => {},
  }
}

function loopHost(fileSystem: FileSystem, pause: () => Promise<void>, calls: JobCalls): JobHost {
  let bytesInSlice = 0
  const check = (): void => {
    if (calls.stop.aborted) throw new CompactionAbandonedError('it was told to stop')
  }
  const nextSlice = async (): Promise<void> => {
    await pause()
    check()
  }
  return {
    fileSystem,
    worked: (bytes) => {
      bytesInSlice += bytes
      if (bytesInSlice < sliceBytes) return undefined
      bytesInSlice = 0
      return nextSlice()
    },
    moved: (bytes) => calls.budget.spend(bytes, calls.stop)?.then(check),
    sync: (file: FileHandle) => fileSystem.syncLater(file),
    swap: (replaced, cleaned) => calls.swap(replaced, cleaned),
  }
}
