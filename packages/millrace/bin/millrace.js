#!/usr/bin/env node
// In a checkout the sources run as they are; what npm installed runs from dist.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(`millrace needs Node 24.12 or newer, this is ${process.versions.node}`)
  process.exit(1)
}
const source = fileURLToPath(new URL('../src/main.ts', import.meta.url))
if (!existsSync(source)) {
  await import('../dist/main.js')
} else if (process.execArgv.includes('millrace-source')) {
  await import('../src/main.ts')
} else {
  const args = [process.execPath, '-C', 'millrace-source', source, ...process.argv.slice(2)]
  process.execve(process.execPath, args, process.env)
}
