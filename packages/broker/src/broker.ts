import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, HostTime, Logger, MovableClock } from '@millrace/kernel'
import { errorMessage, hostClock, movableClock, noMetrics, randomFrom, silentLogger } from '@millrace/kernel'
import { embeddedStore, memoryStore } from '@millrace/metadata'
import { diskFileSystem, memoryFileSystem } from '@millrace/storage'
import { loadSettings } from './config/load.ts'
import type { Interceptor } from './dispatch/intercept.ts'
import { BrokerInstance } from './runtime/broker-instance.ts'

export type SettingText = string | number | boolean

export interface StartBrokerOptions {
  /** Where the data lies: in memory unless said otherwise; 'temporary' is a folder that goes with the broker. */
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
  intercept<Body = unknown>(apiName: string, interceptor: Interceptor<Body>): () => void
  /** Cuts every connection; clients may come back at once. */
  dropConnections(): void
  close(): Promise<void>
}

const hostTime: HostTime = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, work) => {
    let timer = setTimeout(fire, Math.min(delayMs, longestTimeoutMs))
    let leftMs = delayMs - longestTimeoutMs
    function fire(): void {
      if (leftMs <= 0) return work()
      timer = setTimeout(fire, Math.min(leftMs, longestTimeoutMs))
      leftMs -= longestTimeoutMs
    }
    return () => clearTimeout(timer)
  },
}
/** Node fires longer ones at once. */
const longestTimeoutMs = 2 ** 31 - 1

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
  const given = { listeners: `PLAINTEXT://127.0.0.1:${port}`, ...embeddedDefaults, ...options.settings }
  const overrides = Object.entries(given).map(([name, value]) => [name, String(value)] as const)
  const { settings } = loadSettings({ overrides })
  const onError = (error: unknown): void => log.error('the work of a timer failed', { reason: errorMessage(error) })
  const clock = movableClock(hostTime, onError)
  const realClock = hostClock(hostTime, onError)
  const data = await openData(storage, realClock, clock, log)
  try {
    const instance = await BrokerInstance.start({
      ...data,
      settings,
      clock,
      hostClock: realClock,
      random,
      endOfTurn,
      log,
      adoptable: null,
      metrics: noMetrics,
      createsOffsetsTopic: true,
    })
    return embedded(instance, clock, data.remove)
  } catch (error) {
    await data.remove()
    throw error
  }
}

async function openData(storage: StartBrokerOptions['storage'], realClock: Clock, clock: Clock, log: Logger) {
  if (storage === undefined || storage === 'memory') {
    const store = memoryStore({ clock: realClock, random })
    const fileSystem = memoryFileSystem({ nowMs: () => clock.wallMs() })
    return { store, fileSystem, directories: ['/memory'], bootId: null, remove: () => store.close() }
  }
  const isTemporary = storage === 'temporary'
  const directory = isTemporary ? mkdtempSync(join(tmpdir(), 'millrace-')) : storage.directory
  const store = await embeddedStore({ path: metadataPath(directory), clock: realClock, random, log })
  const remove = async (): Promise<void> => {
    await store.close()
    if (isTemporary) rmSync(directory, { recursive: true, force: true })
  }
  return { store, fileSystem: diskFileSystem(), directories: [directory], bootId: bootId(), remove }
}

const metadataPath = (directory: string): string => join(directory, 'millrace-metadata', 'metadata.db')

/** Linux says it; elsewhere only a clean stop vouches for the data. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return random.uuid()
  }
}

function embedded(
  instance: BrokerInstance,
  clock: MovableClock,
  remove: () => Promise<void>,
): Broker {
  const [bound] = instance.listeners
  const host = bound?.host ?? ''
  const port = bound?.port ?? 0
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= instance.close().finally(remove))
  return {
    brokerId: instance.services.brokerId,
    host,
    port,
    bootstrapServers: instance.listeners.map((one) => `${one.host}:${one.port}`).join(','),
    clusterId: instance.services.images.current.clusterId,
    clock,
    intercept: (apiName, interceptor) => instance.interceptors.add(apiName, interceptor),
    dropConnections: () => instance.dropConnections(),
    close,
    [Symbol.asyncDispose]: close,
  }
}
