// How long a broker that was just started takes until a client has its first answers.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '@millrace/connection'
import { connectTo, endOffsets } from './topic.ts'
import { Reader } from './reader.ts'

const retryMs = 2
const deadlineMs = 120_000

/** Tries again and again until the broker listens. */
async function connected(port: number): Promise<Connection> {
  const startMs = performance.now()
  for (;;) {
    try {
      return await connectTo(port)
    } catch (error) {
      if (performance.now() - startMs > deadlineMs) throw error
      await sleep(retryMs)
    }
  }
}

/** Until the last record of the topic's first partition has been found and fetched. */
export async function lastRecordFetched(port: number, topic: string): Promise<void> {
  const connection = await connected(port)
  const [end = 0] = await endOffsets(connection, topic, 1)
  const bytes = await new Reader(connection, topic, [end - 1]).fetch()
  connection.close()
  if (bytes === 0) throw new Error(`${topic}-0 gave nothing at ${end - 1}`)
}
