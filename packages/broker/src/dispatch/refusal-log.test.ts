import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostTime, LogFields, Logger } from '@millrace/kernel'
import { hostClock, silentLogger } from '@millrace/kernel'
import type { ConnectionInfo } from './handler.ts'
import { RefusalLog } from './refusal-log.ts'

const connection: ConnectionInfo = {
  id: 'one',
  listener: 'PLAINTEXT',
  localHost: '127.0.0.1',
  localPort: 9092,
  remoteHost: '127.0.0.1',
  remotePort: 50_000,
  principal: 'User:ANONYMOUS',
}

function setup() {
  let nowMs = 0
  const time: HostTime = { wallMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} }
  const lines: { readonly message: string; readonly fields: LogFields | undefined }[] = []
  const log: Logger = { ...silentLogger, warn: (message, fields) => void lines.push({ message, fields }) }
  const advance = (ms: number): void => {
    nowMs += ms
  }
  return {
    refusals: new RefusalLog(
      log,
      hostClock(time, () => {}),
    ),
    lines,
    advance,
  }
}

test('a line says which API refused, the error and why', () => {
  const { refusals, lines } = setup()
  refusals.refused(connection, 'Produce', 'CORRUPT_MESSAGE', { reason: 'a wrong CRC' })
  assert.deepEqual(lines, [
    { message: 'Produce refused: CORRUPT_MESSAGE', fields: { reason: 'a wrong CRC', connection: 'one' } },
  ])
})

test('a client that is refused without end gets 10 lines a second, and the next one says how many there were', () => {
  const { refusals, lines, advance } = setup()
  for (let i = 0; i < 1_000; i += 1) refusals.refused(connection, 'Produce', 'CORRUPT_MESSAGE', {})
  assert.equal(lines.length, 10)
  advance(1_000)
  refusals.refused(connection, 'Produce', 'CORRUPT_MESSAGE', {})
  assert.equal(lines.length, 11)
  assert.deepEqual(lines[10]?.fields, { connection: 'one', leftOutBefore: 990 })
})

test('what a client sent is cut where it is long', () => {
  const { refusals, lines } = setup()
  refusals.refused(connection, 'Metadata', 'INVALID_TOPIC_EXCEPTION', { topic: 'x'.repeat(30_000) })
  assert.equal(String(lines[0]?.fields?.['topic']).length, 303)
})
