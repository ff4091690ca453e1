import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asRevision, hostClock, seededRandom, silentLogger } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'
import { clusterKey, encodeValue, nameCluster } from '@millrace/machines'
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

test('an image that is there already is not waited for', async () => {
  const { images } = await open()
  assert.equal(await images.waitFor(images.current.revision), images.current)
})
