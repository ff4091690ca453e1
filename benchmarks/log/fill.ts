// Topics of any size, written through the storage package while no broker runs: at the disk's speed.
import { randomBytes } from 'node:crypto'
import { systemClock } from '@millrace/connection'
import { asLeaderEpoch, noMetrics, randomFrom, silentLogger } from '@millrace/kernel'
import {
  diskFileSystem,
  openLogManager,
  readMetaProperties,
  type LogManager,
  type PartitionLog,
} from '@millrace/storage'
import { defaultLogConfig } from '@millrace/testkit/storage'
import { batchOf } from './load/batch.ts'

const batchRecords = 64
const recordBytes = 1024

export interface Filling {
  readonly topic: string
  readonly topicId: string
  readonly partitions: number
  /** Over all partitions. */
  readonly bytes: number
}

/** Appends to a topic that a broker made in `directory`, and leaves it as after a clean stop. Resolves with the bytes. */
export async function fill(directory: string, { topic, topicId, partitions, bytes }: Filling): Promise<number> {
  const manager = openManager(directory)
  const batch = batchOf(batchRecords, recordBytes)
  const perPartition = Math.ceil(bytes / partitions / batch.length)
  for (let partition = 0; partition < partitions; partition += 1) {
    const log = manager.open(topic, partition, topicId, defaultLogConfig)
    for (let i = 0; i < perPartition; i += 1) await append(log, batch)
  }
  await manager.close()
  return perPartition * partitions * batch.length
}

function openManager(directory: string): LogManager {
  const fileSystem = diskFileSystem()
  const { clusterId, nodeId } = readMetaProperties(fileSystem, directory) ?? {}
  if (clusterId === undefined || nodeId === undefined) throw new Error(`no broker used ${directory} yet`)
  return openLogManager({
    directories: [directory],
    fileSystem,
    clock: systemClock,
    random: randomFrom(randomBytes),
    logger: silentLogger,
    metrics: noMetrics,
    nodeId,
    clusterId,
    endOfTurn: (work) => void setImmediate(work),
  })
}

// The log keeps what it is given: each append has bytes of its own.
function append(log: PartitionLog, batch: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    log.append({ records: new Uint8Array(batch), origin: 'client', leaderEpoch: asLeaderEpoch(0) }, (outcome) => {
      if (outcome.ok) resolve()
      else reject(new Error(`filling ${log.topic}-${log.partition}: ${outcome.error}: ${outcome.message}`))
    })
  })
}
