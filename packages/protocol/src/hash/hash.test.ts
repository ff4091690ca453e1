import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { crc32c, pureCrc32c } from './crc32c.ts'
import { coordinatorPartition, javaStringHash } from './java-string-hash.ts'
import { murmur2, partitionForKey } from './murmur2.ts'

test('crc32c gives the check values of RFC 3720', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.equal(crc32c(new Uint8Array(0)), 0)
})

test('crc32c is the same with native code and without, for every part of the bytes', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(50), fc.nat(50), (bytes, cut, tail) => {
    const start = Math.min(cut, bytes.length)
    const end = Math.max(start, bytes.length - tail)
    assert.equal(crc32c(bytes, start, end), pureCrc32c(bytes, start, end))
  })
  fc.assert(property)
})

test('keys and groups get the partitions that Apache Kafka gives them', () => {
  const [, ...lines] = readFileSync(new URL('../../../testkit/golden/hashes.tsv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  assert.ok(lines.length > 100)
  for (const line of lines) {
    const [keyHex = '', hash, partition, groupId = '', groupPartition] = line.split('\t')
    const key = Buffer.from(keyHex, 'hex')
    assert.equal(murmur2(key), Number(hash), keyHex)
    assert.equal(partitionForKey(key, 7), Number(partition), keyHex)
    assert.equal(coordinatorPartition(groupId, 50), Number(groupPartition), groupId)
  }
})

test('a group id whose hash is the smallest int lies in partition 0', () => {
  assert.equal(javaStringHash('polygenelubricants'), -0x8000_0000)
  assert.equal(coordinatorPartition('polygenelubricants', 50), 0)
})

test('the hash of a string goes over UTF-16 units', () => {
  assert.equal(javaStringHash(''), 0)
  assert.equal(javaStringHash('\u{1F600}'), 31 * 0xd83d + 0xde00)
})
