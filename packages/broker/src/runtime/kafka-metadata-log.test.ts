import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch } from '@millrace/protocol'
import type { FileSystem } from '@millrace/storage'
import { memoryFileSystem } from '@millrace/storage'
import { readKafkaMetadata } from './kafka-metadata-log.ts'

const folder = '/data/__cluster_metadata-0'
const text = (value: string): number[] => [value.length + 1, ...new TextEncoder().encode(value)]
const topicId = Array.from({ length: 16 }, (_, i) => i)

const topicRecord = (name: string) => Uint8Array.of(1, 2, 0, ...text(name), ...topicId, 0)
const removeTopicRecord = () => Uint8Array.of(1, 9, 0, ...topicId, 0)
const configRecord = (type: number, resource: string, name: string, value: string | null) =>
  Uint8Array.of(1, 4, 0, type, ...text(resource), ...text(name), ...(value === null ? [0] : text(value)), 0)

function fileOf(fileSystem: FileSystem, name: string, baseOffset: number, values: readonly Uint8Array[]): void {
  fileSystem.makeDirectory(folder)
  const file = fileSystem.open(`${folder}/${name}`, 'create')
  const records = values.map((value) => ({ key: null, value, timestampMs: 0 }))
  file.write([buildBatch({ baseOffset, records })], 0)
  file.close()
}

const found = (fileSystem: FileSystem) =>
  readKafkaMetadata(fileSystem, '/data').settings.map(({ type, name, configs }) => [
    type,
    name,
    Object.fromEntries(configs),
  ])

test('settings of topics and brokers are what the last record of each says', () => {
  const fileSystem = memoryFileSystem()
  fileOf(fileSystem, '00000000000000000000.log', 0, [
    topicRecord('orders'),
    configRecord(2, 'orders', 'retention.ms', '1'),
    configRecord(2, 'orders', 'segment.ms', '5'),
    configRecord(4, '', 'num.io.threads', '4'),
    configRecord(2, 'orders', 'retention.ms', '2'),
    configRecord(2, 'orders', 'segment.ms', null),
  ])
  assert.deepEqual(found(fileSystem), [
    ['topic', 'orders', { 'retention.ms': '2' }],
    ['broker', '', { 'num.io.threads': '4' }],
  ])
})

test('settings of a topic that was removed are gone', () => {
  const fileSystem = memoryFileSystem()
  const configured = [topicRecord('orders'), configRecord(2, 'orders', 'retention.ms', '1')]
  fileOf(fileSystem, '00000000000000000000.log', 0, [...configured, removeTopicRecord()])
  assert.deepEqual(found(fileSystem), [])
})

test('a snapshot stands for the records before it', () => {
  const fileSystem = memoryFileSystem()
  fileOf(fileSystem, '00000000000000000000.log', 0, [
    configRecord(2, 'orders', 'retention.ms', '1'),
    configRecord(2, 'orders', 'retention.ms', '2'),
    configRecord(2, 'orders', 'segment.ms', '3'),
  ])
  fileOf(fileSystem, '00000000000000000002-0000000001.checkpoint', 0, [configRecord(2, 'orders', 'retention.ms', '2')])
  assert.deepEqual(found(fileSystem), [['topic', 'orders', { 'retention.ms': '2', 'segment.ms': '3' }]])
})

test('a directory without a metadata log has no settings', () => {
  assert.deepEqual(found(memoryFileSystem()), [])
})

test('the first producer id that nobody was given is what the last record of them says', () => {
  const fileSystem = memoryFileSystem()
  const producerIds = (next: number) =>
    Uint8Array.of(1, 15, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, next >> 8, next & 0xff, 0)
  fileOf(fileSystem, '00000000000000000000.log', 0, [producerIds(1000), producerIds(2000)])
  assert.equal(readKafkaMetadata(fileSystem, '/data').nextProducerId, 2000)
})
