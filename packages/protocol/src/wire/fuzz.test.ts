import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type AnyMessage, messageByName } from '../every-message.ts'
import { WireError } from './wire-error.ts'

interface GoldenLine {
  readonly name: string
  readonly version: number
  readonly hex: string
}

const goldenFile = new URL('../../../testkit/golden/messages.jsonl', import.meta.url)
const goldens = readFileSync(goldenFile, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const { name, version, hex } = JSON.parse(line) as GoldenLine
    return { message: messageByName.get(name) as AnyMessage, version, bytes: new Uint8Array(Buffer.from(hex, 'hex')) }
  })
const anyGolden = fc.constantFrom(...goldens)

/** Decodes or is refused; anything but a WireError fails the test. */
function decodeOrRefuse(message: AnyMessage, bytes: Uint8Array, version: number): void {
  try {
    message.decode(bytes, version)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
}

test('a message that is cut short anywhere is a WireError', () => {
  for (const { message, version, bytes } of goldens) {
    const step = Math.max(1, Math.floor(bytes.length / 20))
    for (let end = 0; end < bytes.length; end += step) {
      assert.throws(() => message.decode(bytes.subarray(0, end), version), WireError)
    }
  }
})

test('a message with one byte too many is a WireError', () => {
  for (const { message, version, bytes } of goldens) {
    assert.throws(() => message.decode(Uint8Array.of(...bytes, 0), version), WireError)
  }
})

test('random bytes raise nothing but WireError in any message', () => {
  const property = fc.property(anyGolden, fc.uint8Array({ maxLength: 300 }), ({ message, version }, bytes) =>
    decodeOrRefuse(message, bytes, version),
  )
  fc.assert(property, { numRuns: 5_000 })
})

test('a message with some bytes changed raises nothing but WireError', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { minLength: 1, maxLength: 4 })
  const property = fc.property(anyGolden, changes, ({ message, version, bytes }, at) => {
    const changed = bytes.slice()
    for (const [position, byte] of at) changed[position % bytes.length] = byte
    decodeOrRefuse(message, changed, version)
  })
  fc.assert(property, { numRuns: 10_000 })
})
