// The first writer to pages that the kernel has to find pays up to ten times: let it not be the one we measure.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const chunk = Buffer.alloc(8 * 1024 * 1024, 1)

export function touchPageCache(folder: string, bytes: number): void {
  const path = join(folder, 'page-cache.touch')
  const file = openSync(path, 'w')
  for (let written = 0; written < bytes; written += chunk.length) writeSync(file, chunk)
  closeSync(file)
  rmSync(path)
}
