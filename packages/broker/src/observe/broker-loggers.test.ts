import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from '@millrace/kernel'
import { BrokerLoggers, loggerNames } from './broker-loggers.ts'

function start() {
  const lines: string[] = []
  const write =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`)
  const target: Logger = {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    debugEnabled: true,
    child: () => target,
  }
  return { lines, loggers: new BrokerLoggers(target, 'INFO') }
}

const say = (log: Logger): void => {
  log.debug('detail')
  log.info('news')
  log.error('trouble')
}

test('a logger has the level of the root until it has one of its own', () => {
  const { lines, loggers } = start()
  const log = loggers.of('millrace.groups').child({ group: 'g' })
  say(log)
  assert.deepEqual([lines.splice(0), log.debugEnabled], [['info news', 'error trouble'], false])
  loggers.set('root', 'ERROR')
  assert.deepEqual(lines.splice(0), [])
  say(log)
  assert.deepEqual(lines.splice(0), ['error trouble'])
  loggers.set('millrace.groups', 'DEBUG')
  say(log)
  assert.deepEqual([lines.splice(0), log.debugEnabled], [['debug detail', 'info news', 'error trouble'], true])
  say(loggers.root)
  say(loggers.of('millrace.storage'))
  assert.deepEqual(lines.splice(0), ['error trouble', 'error trouble'])
  loggers.unset('millrace.groups')
  say(log)
  assert.deepEqual(lines.splice(0), ['error trouble'])
  loggers.set('root', 'WARN')
  assert.deepEqual(lines, ['warn the level of a logger was changed'])
})

test('all loggers are told with the level that holds', () => {
  const { loggers } = start()
  loggers.set('millrace.network', 'FATAL')
  const levels = loggers.levels()
  assert.deepEqual([...levels.keys()], ['root', ...loggerNames])
  assert.deepEqual(
    [levels.get('root'), levels.get('millrace.network'), levels.get('millrace.requests')],
    ['INFO', 'FATAL', 'INFO'],
  )
})
