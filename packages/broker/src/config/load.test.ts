import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { ConfigError } from './definition.ts'
import { ourDefaults } from './definitions.ts'
import { httpEndpoints, listenerSettings } from './listeners.ts'
import { loadSettings, parseSetArgument } from './load.ts'
import { ownTable } from './own-table.ts'

const problem = (sources: Parameters<typeof loadSettings>[0]): string => {
  try {
    loadSettings(sources)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'nothing is wrong'
}
const file = (text: string) => ({ file: { path: 'server.properties', text } })

test('--set wins over the environment, the environment over the file, the file over the default', () => {
  const sources = {
    ...file('num.partitions=2\ndefault.replication.factor=2\nlog.segment.bytes=2000000'),
    environment: { KAFKA_NUM_PARTITIONS: '3', KAFKA_DEFAULT_REPLICATION_FACTOR: '3' },
    overrides: [['num.partitions', '4']] as const,
  }
  const { settings } = loadSettings(sources)
  assert.equal(settings.number('num.partitions'), 4)
  assert.equal(settings.number('default.replication.factor'), 3)
  assert.equal(settings.number('log.segment.bytes'), 2_000_000)
  assert.equal(settings.number('message.max.bytes'), 1_048_588)
  assert.ok(settings.isSet('num.partitions'))
  assert.ok(!settings.isSet('message.max.bytes'))
})

test('variables are named as in the container images of Kafka, underscores and dashes too', () => {
  const environment = { KAFKA_LISTENER_NAME_A___B_SSL_KEY_PASSWORD: 'x', KAFKA_LOG_RETENTION_MS: '5' }
  const { settings } = loadSettings({ environment })
  assert.equal(settings.number('log.retention.ms'), 5)
  assert.equal(settings.atStart.get('listener.name.a-b.ssl.key.password'), 'x')
})

test('variables for the JVM and its logs are ignored, an unknown one only warns', () => {
  const environment = {
    KAFKA_HEAP_OPTS: '-Xmx1G',
    KAFKA_OPTS: '-Dx',
    KAFKA_JMX_PORT: '9999',
    KAFKA_LOG4J_ROOT_LOGLEVEL: 'INFO',
    KAFKA_VERSION: '4.3.0',
    KAFKA_NUM_PARTITION: '3',
    PATH: '/bin',
  }
  const { notices } = loadSettings({ environment })
  assert.deepEqual(notices, [
    'environment variable KAFKA_NUM_PARTITION: there is no setting num.partition; did you mean num.partitions?',
  ])
})

test('what Kubernetes sets for a service that is called kafka is one line', () => {
  const environment = {
    KAFKA_SERVICE_HOST: '10.0.0.1',
    KAFKA_SERVICE_PORT: '9092',
    KAFKA_SERVICE_PORT_TCP_CLIENT: '9092',
    KAFKA_PORT: 'tcp://10.0.0.1:9092',
    KAFKA_PORT_9092_TCP: 'tcp://10.0.0.1:9092',
    KAFKA_PORT_9092_TCP_PROTO: 'tcp',
    KAFKA_PORT_9092_TCP_PORT: '9092',
    KAFKA_PORT_9092_TCP_ADDR: '10.0.0.1',
    KAFKA_UI_PORT: 'tcp://10.0.0.2:8080',
    KAFKA_NUM_PARTITIONS: '3',
  }
  const { notices, settings } = loadSettings({ environment })
  assert.equal(settings.number('num.partitions'), 3)
  const [notice, ...others] = notices
  assert.deepEqual(others, [])
  assert.match(notice ?? '', /^KAFKA_PORT, KAFKA_PORT_9092_TCP, .*KAFKA_UI_PORT: set by Kubernetes/)
})

test('a name that Kafka knows and we do not support yet is said once', () => {
  const { notices } = loadSettings(file('num.io.threads=4\nnum.io.threads=4\nzookeeper.connect=zk:2181'))
  assert.equal(notices.filter((notice) => notice.startsWith('num.io.threads')).length, 1)
  assert.ok(notices.some((notice) => notice.startsWith('zookeeper.connect')))
})

test('all that is wrong is told at once: name, value and what is valid', () => {
  assert.equal(
    problem(file('num.partition=3\nnum.partitions=0\nauto.create.topics.enable=ja')),
    [
      'server.properties:1: there is no setting num.partition (got num.partition=3); did you mean num.partitions?',
      'server.properties:2: Invalid value 0 for configuration num.partitions: Value must be at least 1 (INT, valid is [1,...])',
      'server.properties:3: Invalid value ja for configuration auto.create.topics.enable: Expected value to be either true or false (BOOLEAN)',
    ].join('\n'),
  )
})

test('the value of a misspelt secret is not told', () => {
  assert.equal(
    problem(file('my.sasl.password=letmein\nno.such=1')),
    [
      "server.properties:1: there is no setting my.sasl.password; valid are the names of Kafka's broker settings",
      "server.properties:2: there is no setting no.such (got no.such=1); valid are the names of Kafka's broker settings",
    ].join('\n'),
  )
})

test('a bad value from the environment stops the start too', () => {
  assert.match(problem({ environment: { KAFKA_NUM_PARTITIONS: 'many' } }), /KAFKA_NUM_PARTITIONS: Invalid value many/)
})

test('--set takes a name and a value, which may hold an equals sign', () => {
  assert.deepEqual(parseSetArgument('a.b=c=d'), ['a.b', 'c=d'])
  assert.throws(() => parseSetArgument('a.b'), { message: '--set takes NAME=VALUE, got a.b' })
})

test('without any setting the broker listens on the loopback address alone', () => {
  const { settings, notices } = loadSettings({})
  assert.deepEqual(notices, [])
  assert.deepEqual(listenerSettings(settings), [
    { listener: 'PLAINTEXT', host: '127.0.0.1', port: 9092, protocol: 'PLAINTEXT', advertised: null },
  ])
  assert.deepEqual(httpEndpoints(settings), [{ listener: 'HTTP', host: '127.0.0.1', port: 9080 }])
})

test('several listeners on IPv4 and IPv6 are read, with what is advertised of each', () => {
  const { settings } = loadSettings(
    file(
      'listeners=inside://[::1]:9092,OUTSIDE://0.0.0.0:9093\n' +
        'advertised.listeners=OUTSIDE://kafka.example.com:443\n' +
        'listener.security.protocol.map=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT',
    ),
  )
  assert.deepEqual(listenerSettings(settings), [
    { listener: 'INSIDE', host: '::1', port: 9092, protocol: 'PLAINTEXT', advertised: null },
    {
      listener: 'OUTSIDE',
      host: '0.0.0.0',
      port: 9093,
      protocol: 'PLAINTEXT',
      advertised: { listener: 'OUTSIDE', host: 'kafka.example.com', port: 443 },
    },
  ])
})

test('who advertises an address without saying where to listen is reached on every address', () => {
  const { settings } = loadSettings({ environment: { KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kafka:9092' } })
  assert.equal(listenerSettings(settings)[0]?.host, '')
})

test('the settings of a KRaft container start a broker, its controller listener is not opened', () => {
  const environment = {
    KAFKA_NODE_ID: '3',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://localhost:9092',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '3@localhost:9093',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  }
  const { settings } = loadSettings({ environment })
  assert.deepEqual(
    listenerSettings(settings).map(({ listener }) => listener),
    ['PLAINTEXT'],
  )
  assert.equal(settings.number('node.id'), 3)
})

test('broker.id is the older name of node.id, and both must agree', () => {
  assert.equal(loadSettings(file('broker.id=7')).settings.number('node.id'), 7)
  assert.match(problem(file('broker.id=7\nnode.id=8')), /must be the same/)
})

test('listeners that cannot be are refused with the reason', () => {
  assert.match(problem(file('listeners=9092')), /expected NAME:\/\/host:port/)
  assert.match(problem(file('listeners=A://:1')), /No security protocol defined for listener A/)
  assert.match(problem(file('listeners=SSL://:1')), /doesn't offer yet/)
  assert.match(problem(file('listeners=PLAINTEXT://:1\nadvertised.listeners=PLAINTEXT://0.0.0.0:1')), /nonroutable/)
  assert.match(problem(file('listeners=PLAINTEXT://:1\nadvertised.listeners=OTHER://h:1')), /not one of listeners/)
  const map = 'listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\n'
  assert.match(problem(file(`${map}listeners=A://:1,B://:1`)), /different port/)
  assert.equal(problem(file(`${map}listeners=A://127.0.0.1:1,B://[::1]:1`)), 'nothing is wrong')
})

test('a secret that is refused is not repeated', () => {
  const { settings } = loadSettings(file('ssl.key.password=secret'))
  assert.equal(settings.text('ssl.key.password'), 'secret')
})

test('a directory that is cordoned must be one of the log directories', () => {
  const load = (cordoned: string) =>
    loadSettings({
      overrides: [
        ['log.dirs', '/a,/b'],
        ['cordoned.log.dirs', cordoned],
      ],
    })
  for (const good of ['', '/a', '/a,/b', '*']) assert.doesNotThrow(() => load(good))
  assert.throws(() => load('/a,/c'), /must be present in log\.dirs or log\.dir\. Missing entries: \/c$/)
  assert.throws(() => load('/a,*'), /must not contain other values/)
})

test('docs/configuration.md lists every default that differs and every setting of our own', () => {
  const docs = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8')
  const lines = docs.split('\n').map((line) => line.replaceAll(/ +\|/g, ' |'))
  const expected = [
    ...Object.entries(ourDefaults).map(([name, [value]]) => [name, value]),
    ...ownTable.map(([name, , value]) => [name, value]),
  ]
  for (const [name, value] of expected) {
    const start = `| \`${name}\` | \`${value === '' ? ' ' : value}\` |`
    assert.ok(
      lines.some((line) => line.startsWith(start)),
      `no line begins with ${start}`,
    )
  }
})
