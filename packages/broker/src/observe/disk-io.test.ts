import assert from 'node:assert/strict'
import { test } from 'node:test'

import { declareDiskIo } from './disk-io.ts'
import { createMetrics } from './metrics.ts'

async function samples(readText: () => string): Promise<readonly string[]> {
  const metrics = createMetrics({ process: false })
  declareDiskIo(metrics, readText)
  return (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('bytes read from and written to disks are what Linux says', async () => {
  const text = 'rchar: 1\nwchar: 2\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 7\n'
  assert.deepEqual(await samples(() => text), [
    'kafka_server_kafkaserver_linux_disk_read_bytes 4096',
    'kafka_server_kafkaserver_linux_disk_write_bytes 8192',
  ])
})

test('where nobody counts them there is no sample', async () => {
  const missing = (): string => {
    throw new Error('ENOENT')
  }
  assert.deepEqual(await samples(missing), [])
})
