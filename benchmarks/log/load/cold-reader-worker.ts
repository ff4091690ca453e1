// A consumer in a thread of its own, so that its work isn't taken for the broker's: reads a topic from its start on.
import { parentPort, workerData } from 'node:worker_threads'
import { Reader } from './reader.ts'
import { connectTo } from './topic.ts'

export interface ColdRead {
  readonly port: number
  readonly topic: string
  readonly partitions: number
  readonly bytes: number
}

const { port, topic, partitions, bytes } = workerData as ColdRead
const connection = await connectTo(port, true)
const startMs = performance.now()
await new Reader(
  connection,
  topic,
  Array.from({ length: partitions }, () => 0),
).fetchBytes(bytes)
connection.close()
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage((performance.now() - startMs) / 1000)
