// What of files is in memory. The first writer to pages that the kernel has to find pays up to ten times: let it not be the one we measure.
import { execFileSync } from 'node:child_process'
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

/** Files that are on the disk are from now on read from there; GNU dd advises the kernel so, without being root. */
export function dropFromPageCache(paths: readonly string[]): void {
  for (const path of paths) {
    execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'])
  }
}
