import assert from 'node:assert/strict'
import { Transform } from 'node:stream'
import { test } from 'node:test'
import { createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { compress, decompress } from './codec.ts'
import { ZstdEngine } from './zstd-engine.ts'

const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 13) ^ (i * 31))

function engines(): { readonly packer: ZstdEngine; readonly unpacker: ZstdEngine } {
  const packer = ZstdEngine.of(createZstdCompress(), 'compress')
  const unpacker = ZstdEngine.of(createZstdDecompress(), 'decompress')
  assert.ok(packer !== undefined && unpacker !== undefined, 'node:zlib is not as the engine knows it')
  return { packer, unpacker }
}

test('an engine packs and unpacks again and again, as node:zlib does, also what comes out in parts', () => {
  const { packer, unpacker } = engines()
  const lengths = [0, 1, 100, 15_000, 131_072, 131_073, 400_000]
  for (const bytes of [...lengths, ...lengths.toReversed()].flatMap((n) => [noise(n), Buffer.alloc(n, 'a rose ')])) {
    const packed = packer.run(bytes, Infinity)
    assert.ok(packed !== undefined && zstdDecompressSync(packed).equals(bytes), `${bytes.length} bytes`)
    assert.equal(Buffer.compare(unpacker.run(packed, bytes.length)!, bytes), 0, `${bytes.length} bytes`)
    assert.equal(Buffer.compare(unpacker.run(zstdCompressSync(bytes), bytes.length)!, bytes), 0)
  }
  const two = Buffer.concat([zstdCompressSync(noise(1_000)), zstdCompressSync(noise(2_000))])
  assert.equal(unpacker.run(two, 3_000)?.length, 3_000)
})

test('an engine that was given what is corrupt, or too much, says so and is spent', () => {
  const bytes = noise(5_000)
  const broken = Buffer.from(zstdCompressSync(Buffer.concat([bytes, bytes, Buffer.alloc(5_000, 'text ')])))
  broken.fill(0xff, 9, 40)
  const corrupt = engines().unpacker
  assert.equal(corrupt.run(broken, 1_000_000), undefined)
  assert.ok(corrupt.isSpent)
  const limited = engines().unpacker
  assert.equal(limited.run(zstdCompressSync(bytes), 4_999), undefined)
  assert.ok(limited.isSpent)
})

test('what is corrupt leaves nothing behind for what comes next', () => {
  const input = fc.array(fc.tuple(fc.uint8Array({ maxLength: 3_000 }), fc.nat(), fc.nat({ max: 255 })), {
    maxLength: 20,
  })
  const property = fc.property(input, (batches) => {
    for (const [bytes, at, flip] of batches) {
      const packed = Uint8Array.from(compress('zstd', bytes))
      assert.equal(Buffer.compare(decompress('zstd', packed, 1_000_000), bytes), 0)
      packed[at % packed.length]! ^= flip
      try {
        decompress('zstd', packed, 1_000_000)
      } catch (error) {
        assert.equal((error as Error).name, 'CorruptRecordsError')
      }
    }
  })
  fc.assert(property)
})

test('where node:zlib is otherwise there is no engine', () => {
  assert.equal(ZstdEngine.of(new Transform(), 'compress'), undefined)
})
