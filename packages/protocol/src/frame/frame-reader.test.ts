import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { WireError } from '../wire/wire-error.ts'
import { type FrameHead, FrameReader } from './frame-reader.ts'

const limitBytes = 1_000

/** The bytes on the wire of frames with these bodies. */
function wireOf(...bodies: readonly Uint8Array[]): Uint8Array {
  const parts = bodies.flatMap((body) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(body.length)
    return [length, body]
  })
  return new Uint8Array(Buffer.concat(parts))
}

function collect(onHead?: (head: FrameHead) => 'read' | 'wait' | 'stop') {
  const frames: Uint8Array[] = []
  const onFrame = (frame: Uint8Array): void => void frames.push(frame)
  const options = { sizeBytesMax: limitBytes, onFrame }
  return { frames, reader: new FrameReader(onHead === undefined ? options : { ...options, onHead }) }
}

const body = (sizeBytes: number, start = 0): Uint8Array => Uint8Array.from({ length: sizeBytes }, (_, i) => start + i)

test('frames come out the same however their bytes were cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })
  const cuts = fc.array(fc.nat(400), { maxLength: 30 })
  fc.assert(
    fc.property(bodies, cuts, (sent, at) => {
      const wire = wireOf(...sent)
      const { frames, reader } = collect()
      const edges = [0, ...at.filter((cut) => cut < wire.length).toSorted((a, b) => a - b), wire.length]
      edges.slice(1).forEach((end, i) => reader.push(wire.subarray(edges[i], end)))
      assert.deepEqual(frames, sent)
      assert.equal(reader.inFrame, false)
      assert.equal(reader.heldBytes, 0)
    }),
  )
})

test('a frame that lies whole in one chunk is a view of it', () => {
  const { frames, reader } = collect()
  const chunk = wireOf(body(10), body(12))
  reader.push(chunk)
  assert.equal(frames.length, 2)
  assert.ok(frames.every((frame) => frame.buffer === chunk.buffer))
})

test('a frame across chunks is in a buffer of its own', () => {
  const { frames, reader } = collect()
  const chunk = wireOf(body(20))
  reader.push(chunk.subarray(0, 15))
  assert.equal(reader.inFrame, true)
  reader.push(chunk.subarray(15))
  assert.deepEqual(frames, [body(20)])
  assert.notEqual(frames[0]?.buffer, chunk.buffer)
})

function collectLent(onHead?: () => 'read' | 'wait') {
  const frames: Uint8Array[] = []
  const memory: Uint8Array[] = []
  const lending = {
    take: (sizeBytes: number) => memory.pop() ?? new Uint8Array(Math.max(64, sizeBytes)),
    give: (bytes: Uint8Array) => void memory.push(bytes),
  }
  const onFrame = (frame: Uint8Array): void => void frames.push(frame.slice())
  const reader = new FrameReader({ sizeBytesMax: limitBytes, onFrame, lending, ...(onHead && { onHead }) })
  const chunk = new Uint8Array(100_000)
  const push = (bytes: Uint8Array): void => {
    chunk.set(bytes)
    reader.push(chunk.subarray(0, bytes.length))
    chunk.fill(0xee)
  }
  return { frames, memory, reader, push }
}

test('what is read into the room for the rest of a frame stays there, however it was cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 8 })
  const sizes = fc.infiniteStream(fc.integer({ min: 1, max: 30 }))
  fc.assert(
    fc.property(bodies, sizes, (sent, lengths) => {
      const { frames, memory, reader } = collectLent()
      const wire = wireOf(...sent)
      const elsewhere = new Uint8Array(30)
      for (let at = 0; at < wire.length;) {
        const place = reader.room ?? elsewhere
        const chunk = place.subarray(0, Math.min(Number(lengths.next().value), wire.length - at))
        chunk.set(wire.subarray(at, at + chunk.length))
        reader.push(chunk)
        elsewhere.fill(0xee)
        at += chunk.length
      }
      assert.deepEqual(frames, sent)
      assert.equal(reader.room, undefined)
      assert.ok(memory.length <= 1)
    }),
  )
})

test('frames of lent chunks come out the same however their bytes were cut, and whatever becomes of the chunks', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 8 })
  const cuts = fc.array(fc.nat(400), { maxLength: 30 })
  fc.assert(
    fc.property(bodies, cuts, fc.boolean(), (sent, at, waits) => {
      const wire = wireOf(...sent)
      const { frames, memory, reader, push } = collectLent(waits ? () => 'wait' : undefined)
      const edges = [0, ...at.filter((cut) => cut < wire.length).toSorted((a, b) => a - b), wire.length]
      edges.slice(1).forEach((end, i) => push(wire.subarray(edges[i], end)))
      for (const _ of sent) reader.resume()
      assert.deepEqual(frames, sent)
      assert.equal(reader.heldBytes, 0)
      assert.ok(memory.length <= 1)
    }),
  )
})

test('the head is known before the body has come', () => {
  const heads: FrameHead[] = []
  const { frames, reader } = collect((head) => {
    heads.push(head)
    return 'read'
  })
  reader.push(wireOf(Uint8Array.of(0, 18, 0, 4, 9, 9)).subarray(0, 8))
  assert.deepEqual(heads, [{ sizeBytes: 6, apiKey: 18, apiVersion: 4 }])
  assert.equal(frames.length, 0)
})

test('a frame that was told to wait is read after resume, with what came behind it', () => {
  const { frames, reader } = collect(() => 'wait')
  reader.push(wireOf(body(10), body(11)))
  reader.push(wireOf(body(12)))
  assert.equal(reader.waiting, true)
  assert.equal(frames.length, 0)
  reader.resume()
  reader.resume()
  reader.resume()
  assert.deepEqual(frames, [body(10), body(11), body(12)])
})

test('nothing is handed out after stop', () => {
  const { frames, reader } = collect((head) => (head.sizeBytes === 11 ? 'stop' : 'read'))
  reader.push(wireOf(body(10), body(11), body(12)))
  reader.push(wireOf(body(13)))
  assert.deepEqual(frames, [body(10)])
})

test('a callback may resume the reader that called it', () => {
  const frames: Uint8Array[] = []
  const reader: FrameReader = new FrameReader({
    sizeBytesMax: limitBytes,
    onHead: () => 'wait',
    onFrame: (frame) => {
      frames.push(frame)
      queueMicrotask(() => reader.resume())
      reader.resume()
    },
  })
  reader.push(wireOf(body(10), body(11)))
  reader.resume()
  assert.equal(frames.length, 1)
})

test('a frame of the largest size is taken and one byte more is refused before it is allocated', () => {
  const { frames, reader } = collect()
  reader.push(wireOf(body(limitBytes)))
  assert.equal(frames[0]?.length, limitBytes)
  const tooLong = Buffer.alloc(8)
  tooLong.writeInt32BE(limitBytes + 1)
  assert.throws(() => reader.push(tooLong), { name: 'WireError', message: /length of a frame: got 1001/ })
  assert.equal(reader.heldBytes, 0)
})

test('a negative length is refused', () => {
  const { reader } = collect()
  assert.throws(() => reader.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff)), WireError)
})

for (const [stranger, start] of [
  ['TLS', Uint8Array.of(0x16, 3, 1, 2, 0)],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
] as const) {
  test(`a client that speaks ${stranger} is named in the error, whatever the limit`, () => {
    const reader = new FrameReader({ sizeBytesMax: 0x7fff_ffff, onFrame: () => {} })
    assert.throws(() => reader.push(start), { name: 'WireError', message: new RegExp(`looks like .*${stranger}`) })
  })
}

test('a promise of many bytes holds no more memory than what came', () => {
  const before = process.memoryUsage.rss()
  const readers = Array.from({ length: 20 }, () => {
    const reader = new FrameReader({ sizeBytesMax: 100 * 1024 * 1024, onFrame: () => {} })
    reader.push(Uint8Array.of(6, 0x3f, 0, 0, 0, 0, 0, 0, 1, 2, 3))
    return reader
  })
  assert.ok(readers.every((reader) => reader.inFrame))
  assert.ok(process.memoryUsage.rss() - before < 200 * 1024 * 1024)
})

test('a frame whose head may not be read yet says whether all of it has come', () => {
  const { frames, reader } = collect(() => 'wait')
  const wire = wireOf(Uint8Array.of(0, 18, 0, 4, 9, 9))
  for (const piece of [wire.subarray(0, 5), wire.subarray(5, 8), wire.subarray(8, 9)]) reader.push(piece)
  assert.equal(reader.isWhole, false)
  reader.push(wire.subarray(9))
  assert.equal(reader.isWhole, true)
  reader.resume()
  assert.equal(frames.length, 1)
  assert.equal(reader.isWhole, false)
})
