import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readFileSync } from 'node:fs'
import { Program } from '../../interop/process.ts'
import { millrace } from '../clients/millrace.ts'
import type { Check } from './check.ts'

const partitions = 3
const records = 300
const recordBytes = 1_000_000
/** What a process needs anyway, and twice the 50 MiB that Kafka's clients take at a time. */
const limitMib = 80 + 2 * 50

export const memoryByBytes: Check = {
  title: 'a slow reader of 1 MB records has what it buffers bounded by bytes',
  async run(client, world) {
    const topic = await world.topic('memory', partitions)
    const producer = await millrace.producer(world.bootstrap, true)
    const value = Buffer.alloc(recordBytes, 'x')
    for (let i = 0; i < records; i += 30) {
      await Promise.all(Array.from({ length: 30 }, (_, j) => producer.send(topic, Buffer.from(String(i + j)), value)))
    }
    await producer.close()
    const peakMib = await peakOfSlowReader(client.name, world.bootstrap, topic)
    assert.ok(peakMib <= limitMib, `${peakMib} MiB with ${records} records of 1 MB to read, at most ${limitMib}`)
    return `${peakMib} MiB of ${(records * recordBytes) / 1e6} MB`
  },
}

// In a process of its own, until it has stopped growing.
async function peakOfSlowReader(name: string, bootstrap: string, topic: string): Promise<number> {
  const program = join(import.meta.dirname, '../slow-reader.ts')
  const reader = new Program(process.execPath, ['-C', 'millrace-source', program, name, bootstrap, topic])
  try {
    await reader.stdout.until(({ text }) => (text.includes('first') ? true : undefined), 'the first record')
    const deadlineMs = performance.now() + 20_000
    let [peakMib, steadyRounds] = [0, 0]
    while (steadyRounds < 8 && performance.now() < deadlineMs) {
      await sleep(250)
      const nowMib = peakMibOf(reader.pid)
      steadyRounds = nowMib > peakMib + 2 ? 0 : steadyRounds + 1
      peakMib = Math.max(peakMib, nowMib)
    }
    return Math.round(peakMib)
  } finally {
    await reader.end('SIGKILL')
  }
}

function peakMibOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
