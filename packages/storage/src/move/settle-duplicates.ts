import { readPartitionTopicId } from '../checkpoint/partition-metadata.ts'
import type { LogContext } from '../log/log-context.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import { readMovedFrom, removeMovedFrom } from './moved-from.ts'

/**
 * A crash in the middle of a move's last step leaves a partition in two directories: the one that it was moved to has
 * everything, and the other's folder goes. Throws where nothing says which of two is the right one.
 */
export function settleDuplicates(context: LogContext, directories: readonly LogDirectory[]): void {
  const found = new Map<string, LogDirectory>()
  for (const directory of directories) {
    for (const name of Array.from(directory.folders)) {
      const other = found.get(name)
      const isSame = other === undefined || topicIdIn(context, other, name) === topicIdIn(context, directory, name)
      // Two topics of one name: one was deleted while its directory was away. Who opens the partition says which.
      if (isSame) found.set(name, other === undefined ? directory : settle(context, name, other, directory))
    }
  }
}

const topicIdIn = ({ files }: LogContext, directory: LogDirectory, name: string): string | undefined =>
  readPartitionTopicId(files.fileSystem, `${directory.path}/${name}`)

function settle(context: LogContext, name: string, one: LogDirectory, other: LogDirectory): LogDirectory {
  const { fileSystem } = context.files
  const from = new Map([one, other].map((at) => [at, readMovedFrom(fileSystem, `${at.path}/${name}`)] as const))
  const moved = [one, other].filter((at) => from.get(at) === (at === one ? other : one).directoryId)
  const [kept] = moved
  if (kept === undefined || moved.length > 1) {
    throw new Error(
      `${name} lies in ${one.path} and in ${other.path}, and nothing says which of the two went on: ` +
        'move one of the two folders away, that of the directory that failed last',
    )
  }
  const gone = kept === one ? other : one
  context.logger.warn('the move of a partition to another log directory is ended', {
    partition: name,
    from: gone.path,
    to: kept.path,
  })
  if (gone.removeMoved(name, undefined)) removeMovedFrom(fileSystem, `${kept.path}/${name}`)
  return kept
}
