// What npm installs for a user: each package's JavaScript in one flat file and a few beside it, because loading 540 small
// modules was most of a broker's start (docs/decisions/0012-flat-packages.md). tsc puts the declarations beside them.
// Every package's `prepack` runs this in its own folder; the checkout itself runs the sources and needs none of it.
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { defineConfig } from 'rolldown'

/** What is loaded by its name: the package, the command's program, and the code of worker threads. */
const entryPatterns = ['src/index.ts', 'src/main.ts', 'src/**/*-worker.ts']

// A worker is named relative to the file that starts it: flat, all of a package's files lie beside each other.
function entries(): Record<string, string> {
  const files = globSync(entryPatterns).map((file) => [basename(file, '.ts'), `./${file}`] as const)
  const byName = new Map(files)
  if (byName.size < files.length) throw new Error(`two entries have the same name: ${files.flat().join(', ')}`)
  return Object.fromEntries(byName)
}

export default defineConfig({
  input: entries(),
  platform: 'node',
  // Every other package stays what it is: npm installs it.
  external: /^[^./]/,
  output: { dir: 'dist', cleanDir: true, entryFileNames: '[name].js', chunkFileNames: '[name].js' },
})
