import { run } from './program.ts'

const abort = new AbortController()
// `timeout`, npm and npx pass a signal on that the whole group of processes got too: one Ctrl-C arrives twice.
const sameSignalMs = 500
let firstMs = 0
const stop = (): void => {
  // A second signal ends the process at once: whoever presses Ctrl-C twice means it.
  if (abort.signal.aborted && performance.now() - firstMs > sameSignalMs) process.exit(130)
  if (abort.signal.aborted) return
  firstMs = performance.now()
  abort.abort()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
// The reader of our output went away (`| head`): there is nobody left to write for. But a broker is there for its clients.
const isBroker = process.argv[2] === 'start'
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  if (!isBroker) process.exit(0)
})
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  stdoutIsTerminal: process.stdout.isTTY,
  stderrIsTerminal: process.stderr.isTTY,
  stdinIsTerminal: process.stdin.isTTY,
  signal: abort.signal,
})
