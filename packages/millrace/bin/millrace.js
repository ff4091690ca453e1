#!/usr/bin/env node
// In a checkout the sources run as they are; what npm installed runs from dist.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(`millrace needs Node 24.12 or newer, this is ${process.versions.node}`)
  process.exit(1)
}
const inCheckout = existsSync(fileURLToPath(new URL('../src/main.ts', import.meta.url)))
if (inCheckout && !process.execArgv.includes('millrace-source')) {
  const self = fileURLToPath(import.meta.url)
  const args = [process.execPath, '-C', 'millrace-source', self, ...process.argv.slice(2)]
  process.execve(process.execPath, args, process.env)
}
// Compiled code is kept in the user's own folder, so that a command (and a Tab) takes a third of the time.
module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace', 'compile'))
await import(inCheckout ? '../src/main.ts' : '../dist/main.js')
