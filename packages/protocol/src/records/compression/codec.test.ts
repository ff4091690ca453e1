import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { CorruptRecordsError } from '../corrupt-records-error.ts'
import { codecOf, codecs, compress, decompress, decompressAside } from './codec.ts'
import { compressAside } from './compress-aside.ts'
import { compressLz4, compressLz4Aside, decompressLz4, decompressLz4Aside } from './lz4.ts'
import { compressSnappy, compressSnappyAside, decompressSnappy, pureSnappy, snappyBlocks } from './snappy.ts'

const MiB = 1024 * 1024

// Bytes that repeat in part, so that every codec finds something to do.
const compressible = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 400 })), { maxLength: 12 })
  .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))))

const sameBytes = (actual: Uint8Array, expected: Uint8Array): void =>
  assert.equal(Buffer.compare(actual, expected), 0, `${actual.length} bytes differ from ${expected.length}`)

for (const codec of codecs) {
  test(`${codec} gives back what it was given`, () => {
    fc.assert(fc.property(compressible, (bytes) => sameBytes(decompress(codec, compress(codec, bytes), MiB), bytes)))
  })
}

for (const codec of codecs) {
  test(`${codec} made aside decompresses to what it was given`, async () => {
    for (const sizeBytes of [0, 1, 65_536, 300_000]) {
      const bytes = Buffer.alloc(sizeBytes, 'a rose is a rose is ')
      sameBytes(decompress(codec, await compressAside(codec, bytes), MiB), bytes)
    }
  })
}

test('every level of lz4 gives back what it was given, and a higher one is smaller', async () => {
  const property = fc.property(compressible, fc.integer({ min: 1, max: 17 }), (bytes, level) => {
    sameBytes(decompress('lz4', compress('lz4', bytes, level), MiB), bytes)
  })
  fc.assert(property)
  const text = Buffer.from(
    Array.from({ length: 5_000 }, (_, i) => `order ${i} of customer ${(i * 7_919) % 1_000}`).join(),
  )
  const sizes = [9, 1, 12].map((level) => compress('lz4', text, level).length)
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => b - a),
  )
  sameBytes(decompress('lz4', await compressAside('lz4', text, 12), MiB), text)
})

test('pure code compresses aside in parts, between which the event loop turns', async () => {
  const bytes = Buffer.alloc(300_000, 'a rose is a rose is ')
  let turns = 0
  const nextTurn = (): Promise<void> => {
    turns += 1
    return Promise.resolve()
  }
  sameBytes(await compressLz4Aside(bytes, nextTurn), compressLz4(bytes))
  assert.equal(turns, 5)
  sameBytes(await compressSnappyAside(bytes, nextTurn, null), compressSnappy(bytes, pureSnappy))
  assert.equal(turns, 5 + 10)
})

for (const codec of codecs.slice(1)) {
  test(`${codec} that is corrupt or cut ends in a CorruptRecordsError or in other bytes, never in anything else`, () => {
    const property = fc.property(
      compressible,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(),
      (bytes, at, flip, cut) => {
        const packed = Uint8Array.from(compress(codec, bytes))
        packed[at % packed.length]! ^= flip
        endsWell(() => decompress(codec, packed, MiB))
        endsWell(() => decompress(codec, packed.subarray(0, cut % packed.length), MiB))
      },
    )
    fc.assert(property)
  })

  test(`${codec} of random bytes ends in a CorruptRecordsError`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => endsWell(() => decompress(codec, bytes, MiB))))
  })

  test(`${codec} that expands past the limit is refused, at the limit it isn't`, () => {
    const bomb = compress(codec, new Uint8Array(8 * MiB))
    assert.throws(() => decompress(codec, bomb, 8 * MiB - 1), { name: 'CorruptRecordsError', kind: 'too-large' })
    assert.equal(decompress(codec, bomb, 8 * MiB).length, 8 * MiB)
  })
}

function endsWell(work: () => Uint8Array): void {
  try {
    assert.ok(work().length <= MiB)
  } catch (error) {
    assert.ok(error instanceof CorruptRecordsError, String(error))
  }
}

test('gzip and zstd take a level', () => {
  const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, i) => `line ${i * 7919}`).join('\n'))
  assert.ok(compress('gzip', bytes, 9).length < compress('gzip', bytes, 1).length)
  assert.ok(compress('zstd', bytes, 19).length < compress('zstd', bytes, 1).length)
  sameBytes(decompress('gzip', gzipSync(bytes), MiB), bytes)
  sameBytes(decompress('zstd', zstdCompressSync(bytes), MiB), bytes)
})

test('snappy is written in the framing of Java and read in that and raw', () => {
  const bytes = Buffer.from('snappy '.repeat(20_000))
  const framed = compressSnappy(bytes)
  assert.equal(Buffer.from(framed.subarray(0, 16)).toString('hex'), '82534e41505059000000000100000001')
  sameBytes(decompressSnappy(framed, MiB), bytes)
  sameBytes(decompressSnappy(snappyBlocks().compress(bytes), MiB), bytes)
})

test('snappy streams that were put together are read as one', () => {
  const both = Buffer.concat([compressSnappy(Buffer.from('one ')), compressSnappy(Buffer.from('two'))])
  assert.equal(Buffer.from(decompressSnappy(both, MiB)).toString(), 'one two')
})

test('a snappy block that claims more than it can hold gets no memory', () => {
  const lie = Uint8Array.of(0xff, 0xff, 0xff, 0x3f, 0x00)
  assert.throws(() => decompress('snappy', lie, 1024 * MiB), /can't hold/)
})

test('snappy without native code reads and writes the same', () => {
  const property = fc.property(compressible, (bytes) => {
    sameBytes(decompressSnappy(compressSnappy(bytes, pureSnappy), MiB), bytes)
    sameBytes(decompressSnappy(compressSnappy(bytes), MiB, pureSnappy), bytes)
  })
  fc.assert(property)
})

test('native lz4 and ours read what the other writes', async () => {
  const property = fc.asyncProperty(compressible, async (bytes) => {
    sameBytes(await decompressFrame(Buffer.from(compressLz4(bytes))), bytes)
    sameBytes(decompressLz4(await compressFrame(bytes), MiB), bytes)
  })
  await fc.assert(property)
})

// In a process of its own, for the most memory that a process has had is all that the system tells.
test('a gigabyte of large lz4 batches, each soon garbage, takes a part of that in memory', () => {
  const module = new URL('codec.ts', import.meta.url).href
  const program = `
    const { compress, decompressAside } = await import('${module}')
    const packed = compress('lz4', Buffer.alloc(16 * 1024 * 1024))
    for (let i = 0; i < 64; i += 1) await decompressAside('lz4', packed, 16 * 1024 * 1024)
    console.log(process.resourceUsage().maxRSS / 1024)`
  const args = ['-C', 'millrace-source', '--input-type=module', '-e', program]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
  assert.equal(child.status, 0, child.stderr)
  assert.ok(Number(child.stdout) < 700, `it took ${child.stdout.trim()} MiB`)
})

test('lz4 gives back runs of every length, whatever lies between what repeats', () => {
  for (let length = 1; length < 400; length += 1) {
    const noise = Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 13) ^ (i * 31))
    for (const period of [1, 3, 64, length]) {
      const repeated = Uint8Array.from({ length: 3 * length }, (_, i) => noise[i % Math.min(period, length)]!)
      // Not at the start of its memory, as batches aren't.
      const bytes = Buffer.concat([noise, repeated, noise]).subarray(1)
      sameBytes(decompressLz4(compressLz4(bytes), MiB), bytes)
    }
  }
})

test('lz4 keeps blocks that do not shrink as they are', async () => {
  const noise = Uint8Array.from({ length: 200_000 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 13) ^ (i * 31))
  const packed = compressLz4(noise)
  assert.ok(packed.length < noise.length + 50)
  sameBytes(decompressLz4(packed, MiB), noise)
  sameBytes(await decompressLz4Aside(packed, MiB), noise)
})

test('a codec that nobody knows is refused by name', () => {
  assert.throws(() => codecOf(5), { name: 'CorruptRecordsError', kind: 'unknown-codec' })
  assert.equal(codecOf(0x34), 'zstd')
})

for (const codec of codecs) {
  test(`${codec} decompresses aside to the same, and within the same limit`, async () => {
    const bytes = Buffer.from('a record that repeats itself. '.repeat(60_000))
    const packed = compress(codec, bytes)
    assert.ok(bytes.equals(await decompressAside(codec, packed, bytes.length)))
    if (codec === 'none') return
    const tooSmall = decompressAside(codec, packed, bytes.length - 1)
    await assert.rejects(tooSmall, { name: 'CorruptRecordsError', kind: 'too-large' })
    const broken = decompressAside(codec, packed.subarray(0, packed.length / 2), bytes.length)
    await assert.rejects(broken, { name: 'CorruptRecordsError', kind: 'corrupt' })
  })
}

test('what decompresses in slices lets the event loop turn meanwhile', async () => {
  const packed = compress('snappy', Buffer.alloc(8 * 1024 * 1024))
  let turns = 0
  let turning = setImmediate(function turn() {
    turns += 1
    turning = setImmediate(turn)
  })
  await decompressAside('snappy', packed, 8 * 1024 * 1024)
  clearImmediate(turning)
  assert.ok(turns >= 8, `the event loop turned ${turns} times`)
})

const lz4Frame = (...blocks: Uint8Array[]): Uint8Array =>
  Buffer.concat([Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82), ...blocks])
const lz4End = Buffer.alloc(4)

test('an lz4 frame of the smallest blocks is unpacked within turns and memory, however many there are', async () => {
  const block = Uint8Array.of(1, 0, 0, 0x80, 0x61)
  const count = 3_000_000
  const packed = lz4Frame(Buffer.alloc(count * block.length, block), lz4End)
  let turns = 0
  let turning = setImmediate(function turn() {
    turns += 1
    turning = setImmediate(turn)
  })
  const kept = process.memoryUsage().heapUsed
  const unpacked = await decompressLz4Aside(packed, count)
  clearImmediate(turning)
  assert.equal(unpacked.length, count)
  assert.ok(turns > 100, `${turns} turns`)
  const grownBytes = process.memoryUsage().heapUsed - kept
  assert.ok(grownBytes < 100 * MiB, `grown by ${grownBytes} bytes`)
})

test('an empty stored block ends an lz4 frame, as it does for Java', () => {
  const frame = lz4Frame(Uint8Array.of(1, 0, 0, 0x80, 0x61), Uint8Array.of(0, 0, 0, 0x80), Buffer.from('what follows'))
  assert.equal(Buffer.from(decompressLz4(frame, MiB)).toString(), 'a')
})
