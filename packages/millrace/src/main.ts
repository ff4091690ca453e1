import { run } from './program.ts'

const abort = new AbortController()
const stop = (): void => {
  // A second signal ends the process at once: whoever presses Ctrl-C twice means it.
  if (abort.signal.aborted) process.exit(130)
  abort.abort()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
// The reader of our output went away (`| head`): there is nobody left to write for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
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
