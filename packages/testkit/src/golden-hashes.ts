import assert from 'node:assert/strict'
import { coordinatorPartition, murmur2, partitionForKey } from '@millrace/protocol'

const keyPartitions = 7
const coordinatorPartitions = 50

/** Throws where a line of hashes.tsv (key, its murmur2 and partition; group id, its partition) hashes otherwise. */
export function checkHashLine(text: string): void {
  const [keyHex = '', hash, partition, groupId = '', groupPartition] = text.split('\t')
  const key = new Uint8Array(Buffer.from(keyHex, 'hex'))
  assert.equal(murmur2(key), Number(hash), `murmur2 of ${keyHex}`)
  assert.equal(partitionForKey(key, keyPartitions), Number(partition), `partition of key ${keyHex}`)
  const found = coordinatorPartition(groupId, coordinatorPartitions)
  assert.equal(found, Number(groupPartition), `partition of group ${groupId}`)
}
