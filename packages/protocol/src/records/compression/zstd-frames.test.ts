import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import { compress, decompress } from './codec.ts'
import { assertWholeFrames } from './zstd-frames.ts'

const noise = Uint8Array.from({ length: 300_000 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 13) ^ (i * 31))
const text = Buffer.from('a record that repeats itself. '.repeat(60_000))
const withChecksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }

const frames: Readonly<Record<string, Uint8Array>> = {
  text: zstdCompressSync(text),
  'blocks of noise': zstdCompressSync(noise),
  'one repeated byte': zstdCompressSync(Buffer.alloc(1_000_000)),
  'a checksum': zstdCompressSync(text, withChecksum),
  'a content size': zstdCompressSync(text, { ...withChecksum, pledgedSrcSize: text.length }),
  nothing: zstdCompressSync(Buffer.alloc(0)),
}

for (const [what, packed] of Object.entries(frames)) {
  test(`a zstd frame of ${what} is whole only with its last byte`, () => {
    assertWholeFrames(packed)
    const step = Math.max(1, Math.floor(packed.length / 200))
    for (let cut = packed.length - 1; cut >= 0; cut -= step) {
      assert.throws(() => assertWholeFrames(packed.subarray(0, cut)), /end within a frame/)
    }
  })
}

test('frames may follow one another, and skippable ones are stepped over', () => {
  const skippable = Buffer.from('502a4d18030000000a0b0c', 'hex')
  const all = Buffer.concat([skippable, compress('zstd', text), skippable, compress('zstd', text)])
  assertWholeFrames(all)
  assert.throws(() => assertWholeFrames(all.subarray(0, all.length - 1)), /end within a frame/)
  assert.throws(() => assertWholeFrames(skippable.subarray(0, 10)), /end within a frame/)
})

test('zstd that was cut is corrupt, whatever of it could be read', () => {
  const packed = compress('zstd', text)
  const cut = { name: 'CorruptRecordsError', kind: 'corrupt' }
  for (const length of [0, 3, 20, packed.length >> 1, packed.length - 1]) {
    assert.throws(() => decompress('zstd', packed.subarray(0, length), text.length), cut)
  }
})
