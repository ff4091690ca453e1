import type { Readable } from 'node:stream'
import { UsageError } from '../terminal.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const lineBytesMax = 64 * 1024 * 1024

/**
 * The lines of a stream as the bytes that they are (what is no UTF-8 goes through unchanged), all that one chunk ends
 * at a time. `\r\n` ends a line as `\n` does; the last line needs neither. Ends early, and takes no more from the
 * stream, when the signal is set.
 */
export async function* linesOf(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer[]> {
  const stop = (): void => void input.destroy()
  signal.addEventListener('abort', stop)
  const begun: Buffer[] = []
  try {
    if (signal.aborted) return
    for await (const chunk of input) {
      const lines = splitChunk(Buffer.from(chunk as Buffer | string), begun)
      if (lines.length > 0) yield lines
    }
    if (begun.length > 0) yield [Buffer.concat(begun)]
  } catch (error) {
    // Destroying the stream under the loop ends it with an error.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

// `begun` holds the pieces of the line that no chunk has ended yet.
function splitChunk(chunk: Buffer, begun: Buffer[]): Buffer[] {
  const lines: Buffer[] = []
  let from = 0
  for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
    const piece = chunk.subarray(from, at)
    lines.push(withoutReturn(begun.length === 0 ? piece : Buffer.concat([...begun.splice(0), piece])))
    from = at + 1
  }
  if (from < chunk.length) begun.push(chunk.subarray(from))
  if (begun.length > 0) checkLength(begun)
  return lines
}

const withoutReturn = (line: Buffer): Buffer => (line.at(-1) === carriageReturn ? line.subarray(0, -1) : line)

function checkLength(pieces: readonly Buffer[]): void {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (bytes <= lineBytesMax) return
  throw new UsageError(`a line of more than ${lineBytesMax} bytes: no record may be that long`)
}
