import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createLogger } from './logger.ts'

test('lines are JSON with a level, a time, the fields and the message', () => {
  const lines: string[] = []
  const log = createLogger({ level: 'info', write: (line) => lines.push(line) })
  log.child({ connection: 'c1' }).warn('it went wrong', { offset: 7 })
  log.debug('too much')
  assert.equal(lines.length, 1)
  const { time, ...line } = JSON.parse(lines[0] ?? '')
  assert.deepEqual(line, { level: 'warn', connection: 'c1', offset: 7, msg: 'it went wrong' })
  assert.match(time, /^\d{4}-\d\d-\d\dT/)
})

test('debug lines are there where they are asked for', () => {
  const lines: string[] = []
  const log = createLogger({ level: 'debug', write: (line) => lines.push(line) })
  assert.equal(log.debugEnabled, true)
  log.debug('a story')
  assert.match(lines[0] ?? '', /a story/)
  assert.equal(createLogger({ level: 'info', write: () => {} }).debugEnabled, false)
})

test('lines for a terminal are for a person', () => {
  const lines: string[] = []
  const log = createLogger({ level: 'info', pretty: true, write: (line) => lines.push(line) })
  log.info('listening', { port: 9092 })
  assert.match(lines[0] ?? '', /^\[\d\d:\d\d:\d\d\.\d+\] INFO: listening \{"port":9092\}\n$/)
})
