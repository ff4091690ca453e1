import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

// The broker sends what its file holds.
const value = 'damaged'

/** Damages the record `damaged` of a topic in the broker's own file: its first letter becomes an X. */
export function damage(dataDir: string, topic: string): void {
  const path = join(dataDir, `${topic}-0`, '00000000000000000000.log')
  const at = readFileSync(path).indexOf(value)
  if (at < 0) throw new Error(`${value} isn't in ${path}`)
  const file = openSync(path, 'r+')
  writeSync(file, 'X', at)
  closeSync(file)
}
