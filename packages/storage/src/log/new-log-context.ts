import { OpenFiles } from '../io/open-files.ts'
import { IndexCache } from '../segment/index-cache.ts'
import { sharedBatchThreads } from './batch-threads.ts'
import { BufferPool } from './buffer-pool.ts'
import type { LogContext } from './log-context.ts'
import type { LogManagerOptions } from './log-manager-options.ts'
import { defaultSettings } from './log-manager-options.ts'
import type { LogManagerSettings } from './partition-log.ts'
import { TailCache } from './tail-cache.ts'
import { Turns } from './turns.ts'

/** The context of a manager's logs; the manager alone changes its settings. */
export function newContext(options: LogManagerOptions): LogContext & { settings: LogManagerSettings } {
  const settings = { ...defaultSettings, ...options.settings }
  const tailCache = new TailCache(settings.tailCacheBytes)
  return {
    files: new OpenFiles(options.fileSystem, settings.openFilesMax),
    indexCache: new IndexCache(settings.indexCacheBytes),
    tailCache,
    buffers: new BufferPool(),
    batchThreads: options.batchThreads ?? sharedBatchThreads,
    reads: { tail: 0, files: 0 },
    turns: new Turns(options.endOfTurn, tailCache),
    clock: options.clock,
    random: options.random,
    logger: options.logger,
    settings,
    removals: new Set(),
    // Half of libuv's threads.
    readsPerDirectoryMax: options.directories.length > 1 ? 2 : Infinity,
  }
}
