import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asRevision, hostClock, seededRandom, silentLogger } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'
import { clusterKey, encodeValue, nameCluster, topicKey } from '@millrace/machines'
import { memoryStore } from '@millrace/metadata'
import { ImageKeeper } from './image-keeper.ts'

const clock = hostClock({ wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }, assert.ifError)

async function open() {
  const store = memoryStore({ clock, random: seededRandom(1) })
  return { store, images: await ImageKeeper.open(store, silentLogger) }
}

test('listeners have seen an image before who waits for its revision goes on', async () => {
  const { store, images } = await open()
  const seen: string[] = []
  images.onChange((image: MetadataImage, before: MetadataImage) => seen.push(`${before.clusterId}>${image.clusterId}`))
  const waitForNext = async (): Promise<void> => {
    const { clusterId } = await images.waitFor(asRevision(images.current.revision + 1))
    seen.push(`waited ${clusterId}`)
  }
  const waiting = waitForNext()
  await store.commit(nameCluster('c1'))
  await waiting
  assert.deepEqual(seen, ['>c1', 'waited c1'])
})

test('a value that a newer version wrote leaves the last good image in place', async () => {
  const { store, images } = await open()
  await store.commit(nameCluster('c1'))
  const value = encodeValue({ clusterId: 'c2' }).replace('"version":1', '"version":99')
  await store.commit({ conditions: [], ops: [{ kind: 'put', key: clusterKey, value }] })
  assert.equal(images.current.clusterId, 'c1')
})

const newer = (value: object): string => encodeValue(value).replace('"version":1', '"version":99')
const put = (key: string, value: string) => ({ conditions: [], ops: [{ kind: 'put' as const, key, value }] })

test('who waits for a revision that can not be read is told why, before it comes and after', async () => {
  const { store, images } = await open()
  const waiting = images.waitFor(asRevision(images.current.revision + 1))
  const fails = { error: 'UNKNOWN_SERVER_ERROR', message: /format version 99, this broker knows up to 1/ }
  await Promise.all([assert.rejects(waiting, fails), store.commit(put(clusterKey, newer({ clusterId: 'c2' })))])
  await assert.rejects(images.waitFor(asRevision(images.current.revision + 5)), fails)
})

test('no image leaves out what could not be read: the next one comes when all of it can', async () => {
  const { store, images } = await open()
  const topic = encodeValue({ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', replicas: [] })
  await store.commit(put(clusterKey, newer({ clusterId: 'c2' })))
  await store.commit(put(topicKey('orders'), topic))
  assert.equal(images.current.topicsByName.size, 0)
  await store.commit(put(clusterKey, encodeValue({ clusterId: 'c3' })))
  assert.deepEqual([images.current.clusterId, [...images.current.topicsByName.keys()]], ['c3', ['orders']])
  assert.equal(await images.waitFor(images.current.revision), images.current)
})

test('who waits when the broker stops is not left waiting', async () => {
  const { images } = await open()
  const waiting = images.waitFor(asRevision(images.current.revision + 1))
  images.close()
  await assert.rejects(waiting, { error: 'BROKER_NOT_AVAILABLE' })
})

test('a start with metadata of a newer version is refused, naming the key and both versions', async () => {
  const { store } = await open()
  await store.commit(put(clusterKey, newer({ clusterId: 'c2' })))
  await assert.rejects(ImageKeeper.open(store, silentLogger), {
    message: `${clusterKey} has format version 99, this broker knows up to 1: a newer Millrace wrote it`,
  })
})

test('an image that is there already is not waited for', async () => {
  const { images } = await open()
  assert.equal(await images.waitFor(images.current.revision), images.current)
})
