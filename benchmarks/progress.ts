// A bar on a terminal, a line for each step elsewhere.
import type { Progress } from './bench.ts'

const barWidth = 30

export function progressTo(stream: NodeJS.WriteStream, total: number): Progress {
  const startMs = performance.now()
  let done = 0
  const step = (text: string): void => {
    const share = Math.min(done / total, 1)
    const seconds = Math.round((performance.now() - startMs) / 1000)
    if (!text.includes('warming')) done += 1
    if (!stream.isTTY) {
      stream.write(`${seconds} s  ${text}\n`)
      return
    }
    const filled = Math.round(share * barWidth)
    stream.write(`\r\u001b[K${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${seconds} s  ${text}`)
    if (text === '') stream.write('\n')
  }
  return { step }
}
