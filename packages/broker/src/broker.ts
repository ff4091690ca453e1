import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Clock, HostTime, Logger, Metrics, MovableClock } from '@millrace/kernel'
import { errorMessage, hostClock, movableClock, noMetrics, randomFrom, silentLogger } from '@millrace/kernel'
import { embeddedStore, memoryStore } from '@millrace/metadata'
import type { FileSystem } from '@millrace/storage'
import { diskFileSystem, memoryFileSystem, readMetaProperties, unsyncedFileSystem } from '@millrace/storage'
import { hostPort, httpEndpoints } from './config/listeners.ts'
import { returnHeapSlack } from './heap-slack.ts'
import { ConfigError } from './config/definition.ts'
import { loadSettings } from './config/load.ts'
import type { BrokerSettings } from './config/settings.ts'
import type { ApiName, Interceptor } from './dispatch/intercept.ts'
import type { BoundListener } from './net/server.ts'
import { declareBrokerMetrics } from './observe/broker-metrics.ts'
import { HttpServer } from './observe/http-server.ts'
import { BrokerLoggers, isLoggerLevel } from './observe/broker-loggers.ts'
import { createLogger } from './observe/logger.ts'
import type { MetricsRegistry } from './observe/metrics.ts'
import { createMetrics } from './observe/metrics.ts'
import { findAdoptable } from './runtime/adoption.ts'
import { hasBrokerLife } from './runtime/broker-life.ts'
import { logDirectories } from './config/data-directories.ts'
import { observedBroker } from './runtime/observed.ts'
import { BrokerInstance } from './runtime/broker-instance.ts'

export type SettingText = string | number | boolean

export interface StartBrokerOptions {
  /** Where the data lies: in memory unless said otherwise; 'temporary' is a folder for logs that goes with the broker. */
  readonly storage?: 'memory' | 'temporary' | { readonly directory: string }
  /** A free one unless said otherwise. */
  readonly port?: number
  /** Kafka's settings by their names. */
  readonly settings?: Readonly<Record<string, SettingText>>
  /** Nothing is logged unless said otherwise. */
  readonly log?: Logger
}

/** A broker in this process. */
export interface Broker extends AsyncDisposable {
  readonly brokerId: number
  readonly host: string
  readonly port: number
  /** `host:port`, for clients. */
  readonly bootstrapServers: string
  readonly clusterId: string
  /** Runs with real time until it is moved. */
  readonly clock: MovableClock
  /** Lets a test look at, delay, answer or fail requests of one API. Returns how to stop. */
  intercept<Name extends ApiName>(apiName: Name, interceptor: Interceptor<Name>): () => void
  /** Cuts every connection; clients may come back at once. */
  dropConnections(): void
  close(): Promise<void>
}

const hostTime: HostTime = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs)
    return () => clearTimeout(timer)
  },
}
const random = randomFrom((count) => randomBytes(count))
const endOfTurn = (work: () => void): void => void setImmediate(work)

/** Settings that suit a test: groups don't wait for more members, and no HTTP port is opened. */
const embeddedDefaults: Readonly<Record<string, SettingText>> = {
  'group.initial.rebalance.delay.ms': 0,
  'http.listeners': '',
}

/** Starts a broker in this process. It is ready when the promise resolves, and gone after `close`. */
export async function startBroker(options: StartBrokerOptions = {}): Promise<Broker> {
  const { port = 0, log = silentLogger, storage = 'memory' } = options
  const listeners = `PLAINTEXT://127.0.0.1:${port}`
  const given: Record<string, SettingText> = { listeners, ...embeddedDefaults, ...options.settings }
  const overrides = Object.entries(given).map(([name, value]) => [name, String(value)] as const)
  const { settings } = loadSettings({ overrides })
  const clock = movableClock(hostTime, timerErrors(log))
  const data = await openData(storage, clock, log)
  const close = data.close
  try {
    // Who brings a log knows what to keep of it.
    const loggers = new BrokerLoggers(log, 'DEBUG')
    const failure = new Failure()
    const { onFailed } = failure
    const own = { settings, clock, random, endOfTurn, loggers, metrics: noMetrics, onFailed }
    const world = { ...data, ...own, createsOffsetsTopic: storage !== 'temporary' }
    const broker = embedded(await BrokerInstance.start(world), clock, close)
    void closeOn(failure, broker, log)
    return broker
  } catch (error) {
    await close()
    throw error
  }
}

/** Why a broker can't go on, once it can't. */
class Failure {
  readonly #settled = Promise.withResolvers<string>()
  readonly reason: Promise<string> = this.#settled.promise
  readonly onFailed = (reason: string): void => this.#settled.resolve(reason)
}

async function closeOn(failure: Failure, broker: Broker, log: Logger): Promise<void> {
  const reason = await failure.reason
  log.error('the broker can not go on and closes', { reason })
  await broker.close()
}

const timerErrors =
  (log: Logger) =>
  (error: unknown): void =>
    log.error('the work of a timer failed', { reason: errorMessage(error) })

async function openData(storage: StartBrokerOptions['storage'], clock: Clock, log: Logger) {
  if (storage === undefined || storage === 'memory') {
    return fleeting(memoryFileSystem({ nowMs: () => clock.wallMs() }), '/memory', log)
  }
  if (storage !== 'temporary') return openDirectories([resolve(storage.directory)], log)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-'))
  const data = fleeting(unsyncedFileSystem(), directory, log)
  const close = async (): Promise<void> => {
    await data.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return { ...data, close }
}

/** Data that goes with the broker: its metadata lies in memory, and nothing waits for a disk. */
function fleeting(fileSystem: FileSystem, directory: string, log: Logger) {
  const realClock = hostClock(hostTime, timerErrors(log))
  const store = memoryStore({ clock: realClock, random })
  const close = (): Promise<void> => store.close()
  return { store, fileSystem, hostClock: realClock, directories: [directory], bootId: null, adoptable: null, close }
}

/** Data on disk, and what of it a broker that kept its metadata elsewhere has left there. */
async function openDirectories(directories: readonly string[], log: Logger) {
  const fileSystem = diskFileSystem()
  const [first = '.'] = directories
  const adoptable = hasBrokerLife(fileSystem, first) ? null : findAdoptable(fileSystem, directories)
  const realClock = hostClock(hostTime, timerErrors(log))
  const path = join(first, 'millrace-metadata', 'metadata.db')
  const store = await embeddedStore({ path, clock: realClock, random, log })
  const close = (): Promise<void> => store.close()
  return { store, fileSystem, hostClock: realClock, directories, bootId: bootId(), adoptable, close }
}

/** Linux says it; elsewhere only a clean stop vouches for the data. */
function bootId(): string {
  const path = '/proc/sys/kernel/random/boot_id'
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : random.uuid()
}

function embedded(instance: BrokerInstance, clock: MovableClock, closeData: () => Promise<void>): Broker {
  const [bound] = instance.listeners
  const end = async (): Promise<void> => {
    try {
      await instance.close()
    } finally {
      await closeData()
    }
  }
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= end())
  return {
    brokerId: instance.services.brokerId,
    host: bound?.host ?? '',
    port: bound?.port ?? 0,
    bootstrapServers: instance.listeners.map((one) => hostPort(one.host, one.port)).join(','),
    clusterId: instance.services.images.current.clusterId,
    clock: withRetention(clock, instance),
    intercept: (apiName, interceptor) => instance.interceptors.add(apiName, interceptor),
    dropConnections: () => instance.dropConnections(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

// A check falls due every log.retention.check.interval.ms; who moved the clock by a topic's retention is past that time,
// but not yet past the next check.
const withRetention = (clock: MovableClock, { services }: BrokerInstance): MovableClock => ({
  ...clock,
  advance: async (by, options) => {
    await clock.advance(by, options)
    await services.logs.runRetention()
  },
})

export interface RunBrokerOptions {
  /** A server.properties. */
  readonly configFile?: string
  /** Usually process.env, of which names in the form of Kafka's images count (`KAFKA_NUM_PARTITIONS`). */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** What stands above file and environment; the last one of a name wins. */
  readonly settings?: readonly (readonly [name: string, value: string])[]
  /** Standard error unless said otherwise. */
  readonly log?: Logger
}

/** A broker that is the purpose of its process: with data on disk, a log, metrics and health checks. */
export interface RunningBroker {
  readonly brokerId: number
  readonly clusterId: string
  readonly listeners: readonly BoundListener[]
  /** Where /health and /metrics are served; empty where nowhere. */
  readonly httpPorts: readonly number[]
  readonly directories: readonly string[]
  /** Resolves with the reason where the broker can't go on: no log directory is left. It is to be closed then. */
  readonly failed: Promise<string>
  /** Hands over and leaves the data as after a clean stop. */
  close(): Promise<void>
}

/** With fewer, the heap grows by too little at the start to be worth a pause. */
const manyPartitions = 1_000

/** Starts a broker as its settings say; throws ConfigError where they are wrong. Clients are served when it resolves. */
export async function runBroker(options: RunBrokerOptions = {}): Promise<RunningBroker> {
  const { settings, notices } = loadForDirectories(options)
  const loggers = loggersOf(settings, options.log)
  const log = loggers.root
  const directories = logDirectories(settings)
  const opening = openDirectories(directories, log)
  // Not before the store's thread is on its way: this is what loads the logger.
  log.info('the broker starts', { node: process.version, directories: directories.join(',') })
  for (const notice of notices) log.warn(notice)
  const clock = hostClock(hostTime, timerErrors(log))
  const metrics = createMetrics({ process: true })
  const data = await opening
  try {
    const failure = new Failure()
    const { onFailed } = failure
    const own = { settings, clock, random, endOfTurn, loggers, metrics, onFailed }
    const world = { ...data, ...own, createsOffsetsTopic: false }
    const instance = await BrokerInstance.start(world)
    if ([...instance.services.partitions.all()].length >= manyPartitions) returnHeapSlack()
    const http = await observe(instance, settings, metrics, log)
    return { ...running(instance, http, directories, data.close), failed: failure.reason }
  } catch (error) {
    await data.close()
    throw error
  }
}

// Levels change at run time, so what writes lets all of them pass. Who brings a log knows what to keep of it.
function loggersOf(settings: BrokerSettings, log: Logger | undefined): BrokerLoggers {
  if (log !== undefined) return new BrokerLoggers(log, 'DEBUG')
  const level = (settings.text('log.level') ?? 'info').toUpperCase()
  return new BrokerLoggers(createLogger({ level: 'debug' }), isLoggerLevel(level) ? level : 'INFO')
}

// A directory knows whose it is: who doesn't say which broker this is gets the one that wrote it.
function loadForDirectories(options: RunBrokerOptions) {
  const loaded = loadSettings(sourcesOf(options))
  if (loaded.settings.isSet('node.id')) return loaded
  const [first = '.'] = logDirectories(loaded.settings)
  const nodeId = readMetaProperties(diskFileSystem(), first)?.nodeId
  if (nodeId === undefined) return loaded
  const given = options.settings ?? []
  return loadSettings(sourcesOf({ ...options, settings: [['node.id', String(nodeId)], ...given] }))
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`the settings in ${path} can't be read: ${errorMessage(error)}`)
  }
}

function sourcesOf({ configFile, environment, settings }: RunBrokerOptions) {
  return {
    ...(configFile === undefined ? {} : { file: { path: configFile, text: readConfig(configFile) } }),
    ...(environment === undefined ? {} : { environment }),
    ...(settings === undefined ? {} : { overrides: settings }),
  }
}

interface Observing {
  readonly server: HttpServer
  readonly ports: readonly number[]
}

async function observe(
  instance: BrokerInstance,
  settings: BrokerSettings,
  metrics: MetricsRegistry & Metrics,
  log: Logger,
): Promise<Observing> {
  const broker = observedBroker(instance.services, () => instance.readiness())
  declareBrokerMetrics(metrics, broker, { perPartition: settings.boolean('metrics.per.partition') })
  const endpoints = httpEndpoints(settings)
  const server = new HttpServer({ endpoints, required: settings.isSet('http.listeners'), broker, metrics, log })
  try {
    return { server, ports: await server.listen() }
  } catch (error) {
    await instance.close()
    throw error
  }
}

function running(
  instance: BrokerInstance,
  http: Observing,
  directories: readonly string[],
  closeData: () => Promise<void>,
): Omit<RunningBroker, 'failed'> {
  const end = async (): Promise<void> => {
    try {
      await instance.close()
    } finally {
      await http.server.close()
      await closeData()
    }
  }
  let closed: Promise<void> | undefined
  return {
    brokerId: instance.services.brokerId,
    clusterId: instance.services.images.current.clusterId,
    listeners: instance.listeners,
    httpPorts: http.ports,
    directories,
    close: () => (closed ??= end()),
  }
}
