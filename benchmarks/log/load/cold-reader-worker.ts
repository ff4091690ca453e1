// Told how many bytes, it reads that much of a topic from its start on, and says how many seconds it took. The first thing
// that it says is that it is there.
import { parentPort, workerData } from 'node:worker_threads'
import { Reader } from './reader.ts'
import { connectTo } from './topic.ts'

export interface ColdTopic {
  readonly port: number
  readonly topic: string
  readonly partitions: number
}

const { port, topic, partitions } = workerData as ColdTopic
const starts = Array.from({ length: partitions }, () => 0)
const connection = await connectTo(port, true)

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const say = (seconds: number): void => parentPort?.postMessage(seconds)

async function read(bytes: number): Promise<void> {
  const startMs = performance.now()
  await new Reader(connection, topic, starts).fetchBytes(bytes)
  say((performance.now() - startMs) / 1000)
}

parentPort?.on('message', (bytes: number) => void read(bytes))
say(0)
