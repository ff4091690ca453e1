// Connections to the broker that is measured, and what is asked of a topic besides appends and reads.
import { Connection } from '@millrace/connection'
import { createPartitionsApi, createTopicsApi, errorName, listOffsetsApi } from '@millrace/protocol'

/** Above these versions topics go by their id. */
export const byName = { max: 12 }
const latest = -1
const patience = { timeoutMs: 120_000 }
// A broker makes a request's partitions in one turn: 10,000 took 9 to 18 s here, too long for what it has to renew meanwhile.
const partitionsAtOnce = 1_000

/** With `oneAnswerInMemory` the memory of a long answer is used again for the next one. */
export const connectTo = (port: number, oneAnswerInMemory = false): Promise<Connection> =>
  Connection.connect({ host: '127.0.0.1', port, ...(oneAnswerInMemory && { takeMemory: sameMemory() }) })

function sameMemory(): (sizeBytes: number) => Uint8Array {
  let memory = new Uint8Array(0)
  return (sizeBytes) => {
    if (memory.length < sizeBytes) memory = Buffer.allocUnsafeSlow(sizeBytes)
    return memory
  }
}

export function throwError(what: string, errorCode: number): void {
  if (errorCode !== 0) throw new Error(`${what}: ${errorName(errorCode)}`)
}

/** Resolves with its id. */
export async function createTopic(connection: Connection, name: string, partitions: number): Promise<string> {
  const numPartitions = Math.min(partitions, partitionsAtOnce)
  const wanted = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
  const { topics } = await connection.request(createTopicsApi, { topics: [wanted] }, patience)
  const [made] = topics
  if (made === undefined) throw new Error(`no answer about topic ${name}`)
  throwError(`creating ${name}`, made.errorCode)
  for (let count = numPartitions; count < partitions;) {
    count = Math.min(count + partitionsAtOnce, partitions)
    await growTopic(connection, name, count)
  }
  return made.topicId
}

async function growTopic(connection: Connection, name: string, count: number): Promise<void> {
  const topics = [{ name, count, assignments: null }]
  const request = { topics, timeoutMs: 60_000, validateOnly: false }
  const { results } = await connection.request(createPartitionsApi, request, patience)
  throwError(`growing ${name} to ${count} partitions`, results[0]?.errorCode ?? -1)
}

/** Each partition's next offset. */
export async function endOffsets(connection: Connection, name: string, partitions: number): Promise<number[]> {
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: latest }))
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions: asked }] }
  const { topics } = await connection.request(listOffsetsApi, request, { versions: { max: 7 } })
  const offsets: number[] = []
  for (const { partitionIndex, errorCode, offset } of topics[0]?.partitions ?? []) {
    throwError(`the end of ${name}-${partitionIndex}`, errorCode)
    offsets[partitionIndex] = offset
  }
  return offsets
}
