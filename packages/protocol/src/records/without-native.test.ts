import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { registerHooks } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// In a process of its own: in this one the native packages may be loaded already.
const inChild = process.env['MILLRACE_WITHOUT_NATIVE'] === 'yes'

test('where no native package is installed, batches of every codec are written and read without them', async () => {
  if (inChild) return withoutNative()
  const file = fileURLToPath(import.meta.url)
  const env = { ...process.env, MILLRACE_WITHOUT_NATIVE: 'yes', NODE_TEST_CONTEXT: undefined }
  const child = spawnSync(process.execPath, ['-C', 'millrace-source', file], { env, encoding: 'utf8', timeout: 60_000 })
  assert.equal(child.status, 0, `${child.stdout}${child.stderr}`)
})

async function withoutNative(): Promise<void> {
  const native = new Set(['@node-rs/crc32', 'snappy'])
  registerHooks({
    resolve: (specifier, context, next) => {
      if (native.has(specifier)) throw new Error(`${specifier} isn't installed`)
      return next(specifier, context)
    },
  })
  // Only now, so that the packages are looked for in vain.
  const { buildBatch, checkBatch, codecs, readRecords } = await import('./index.ts')
  const { snappyBlocks, pureSnappy } = await import('./compression/snappy.ts')
  assert.equal(snappyBlocks(), pureSnappy)
  const records = Array.from({ length: 500 }, (_, i) => ({
    key: Buffer.from(`key ${i % 7}`),
    value: Buffer.from(`value ${i} `.repeat(20)),
    timestampMs: 1_000 + i,
  }))
  for (const compression of codecs) {
    const bytes = buildBatch({ records, compression })
    assert.equal(checkBatch(bytes), null)
    const values = Array.from(readRecords(bytes), ({ value }) => Buffer.from(value ?? []).toString())
    assert.deepEqual(
      values,
      records.map(({ value }) => value.toString()),
    )
  }
}
