// Runs in a worker thread: compacts one log after the other. The event loop keeps what a log is; this thread reads its
// sealed segments and writes cleaned ones beside them, and asks before anything takes the place of anything.
import { parentPort } from 'node:worker_threads'
import { diskFileSystem, unsyncedFileSystem } from '../io/disk.ts'
import type { FileHandle } from '../io/file-system.ts'
import type { JobHost } from './compaction-job.ts'
import { CompactionAbandonedError } from './compaction-job.ts'
import { runJob } from './run-job.ts'
import type { ToLoop, ToWorker } from './worker-messages.ts'
import { limitedCell, stopCell } from './worker-messages.ts'

// How often it looks whether it must stop, and how much it takes of the budget at once.
const lookEveryBytes = 64 * 1024

let answered: ((going: boolean) => void) | undefined

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
const say = (message: ToLoop): void => parentPort?.postMessage(message)

/** Says it and waits for the answer; rejects where the job must stop. */
async function ask(message: ToLoop): Promise<void> {
  const going = await new Promise<boolean>((resolve) => {
    answered = resolve
    say(message)
  })
  if (!going) throw new CompactionAbandonedError('it was told to stop')
}

function workerHost(cells: Int32Array, synced: boolean): JobHost {
  let workedBytes = 0
  let unspentBytes = 0
  const check = (): void => {
    if (Atomics.load(cells, stopCell) !== 0) throw new CompactionAbandonedError('it was told to stop')
  }
  return {
    fileSystem: synced ? diskFileSystem() : unsyncedFileSystem(),
    worked: (bytes) => {
      workedBytes += bytes
      if (workedBytes < lookEveryBytes) return undefined
      workedBytes = 0
      check()
      return undefined
    },
    moved: (bytes) => {
      unspentBytes += bytes
      if (unspentBytes < lookEveryBytes || Atomics.load(cells, limitedCell) === 0) return undefined
      const spent = unspentBytes
      unspentBytes = 0
      return ask({ kind: 'spend', bytes: spent })
    },
    // Nobody else waits in this thread.
    sync: (file: FileHandle) => {
      file.sync()
      return undefined
    },
    swap: (replaced, cleaned) => ask({ kind: 'swap', replaced, cleaned }),
  }
}

async function run({ job, cells, synced }: Extract<ToWorker, { kind: 'run' }>): Promise<void> {
  say({ kind: 'ended', outcome: await runJob(job, workerHost(cells, synced)) })
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'answer') answered?.(message.going)
  else void run(message)
})
