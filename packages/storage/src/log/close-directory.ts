import { errorMessage } from '@millrace/kernel'
import { writeCleanShutdownMark } from '../checkpoint/clean-shutdown.ts'
import type { DirectoryCheckpoints } from './directory-checkpoints.ts'
import type { DirectoryGround } from './directory-ground.ts'
import type { Log } from './log.ts'

// Not all at once: each has files open meanwhile.
const closedTogether = 64

/** Makes all that is in a directory's logs durable, and marks that. Says whether the stop is a clean one. */
export async function closeCleanly(
  ground: DirectoryGround,
  checkpoints: DirectoryCheckpoints,
  brokerEpoch: number,
): Promise<boolean> {
  const failures = await closeLogs([...ground.logs.values()])
  failures.push(...checkpoints.writeAll().map((name) => `${name} is old`))
  if (failures.length === 0 && markClean(ground, brokerEpoch, failures)) return true
  ground.context.logger.warn('the stop was not clean: the next start checks the ends of all logs', {
    directory: ground.path,
    reason: failures.join('; '),
  })
  return false
}

/** Returns why the stop isn't a clean one. */
async function closeLogs(logs: readonly Log[]): Promise<string[]> {
  const failures: string[] = []
  for (let from = 0; from < logs.length; from += closedTogether) {
    await Promise.all(logs.slice(from, from + closedTogether).map((log) => closeLog(log, failures)))
  }
  return failures
}

async function closeLog(log: Log, failures: string[]): Promise<void> {
  try {
    await log.closeCleanly()
  } catch (error) {
    failures.push(`${log.state.name}: ${errorMessage(error)}`)
  }
  // A log that can't be used stays to be looked at: the next start must not take it for whole.
  if (log.state.damage !== undefined) failures.push(log.state.damage)
}

function markClean({ context, path }: DirectoryGround, brokerEpoch: number, failures: string[]): boolean {
  try {
    writeCleanShutdownMark(context.files.fileSystem, path, brokerEpoch)
    return true
  } catch (error) {
    failures.push(errorMessage(error))
    return false
  }
}
