import type { BrokerEpoch } from '@millrace/kernel'
import { asRevision, ByteBudget, errorMessage } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'
import { configsOf, isInternalTopic, nameCluster, offsetsTopic } from '@millrace/machines'
import type { LogManager } from '@millrace/storage'
import { openLogManager } from '@millrace/storage'
import { listenerSettings } from '../config/listeners.ts'
import type { BrokerSettings } from '../config/settings.ts'
import { Dispatcher } from '../dispatch/dispatcher.ts'
import type { HandlerTable } from '../dispatch/handler.ts'
import { Interceptors } from '../dispatch/intercept.ts'
import { handlerTable } from '../dispatch/versions.ts'
import { apiVersions } from '../handlers/18-api-versions.ts'
import { handlers } from '../handlers/index.ts'
import type { BoundListener } from '../net/server.ts'
import { NetServer } from '../net/server.ts'
import { adopt } from './adoption.ts'
import { intactSince, readBrokerLife, writeBrokerLife } from './broker-life.ts'
import type { BrokerWorld } from './broker-world.ts'
import { buildServices } from './build-services.ts'
import { ImageKeeper } from './image-keeper.ts'
import { logManagerSettings } from './log-settings.ts'
import { Registration } from './registration.ts'
import type { BrokerServices } from './services.ts'
import { setStraysAside } from './stray-folders.ts'

/** One running broker: its services put together, started and stopped in the right order. */
export class BrokerInstance {
  readonly services: BrokerServices
  readonly interceptors = new Interceptors()
  readonly #world: BrokerWorld
  readonly #server: NetServer
  readonly #registration: Registration
  #bound: readonly BoundListener[] = []
  #state: 'starting' | 'ready' | 'stopping' = 'starting'
  /** Until a log directory fails. */
  #isDataIntact = true

  private constructor(world: BrokerWorld, images: ImageKeeper, logs: LogManager) {
    this.#world = world
    this.services = buildServices({ world, images, logs, brokerEpoch: () => this.#registration.epoch })
    this.#server = this.#buildServer()
    this.#registration = new Registration({
      store: world.store,
      images,
      controller: this.services.controller,
      brokerId: this.services.brokerId,
      sessionTtlMs: world.settings.number('broker.session.timeout.ms'),
      log: world.loggers.of('millrace.metadata'),
      pause: () => new Promise((resolve) => void world.hostClock.setTimer(1_000, resolve)),
      beforeController: (brokerEpoch) => this.#adopt(brokerEpoch),
    })
    this.#followImages()
    this.services.partitions.whenOffline(() => this.#tellOffline())
    this.#declareMetrics()
    // Storage is in the middle of something when it says so.
    logs.onDirectoryOffline((path, reason) => world.endOfTurn(() => this.#directoryFailed(path, reason)))
  }

  /** Resolves when clients are served. */
  static async start(world: BrokerWorld): Promise<BrokerInstance> {
    const images = await ImageKeeper.open(world.store, world.loggers.of('millrace.metadata'))
    try {
      const clusterId = await ensureCluster(world, images)
      const logs = openLogManager({
        directories: world.directories,
        fileSystem: world.fileSystem,
        clock: world.clock,
        random: world.random,
        logger: world.loggers.of('millrace.storage'),
        metrics: world.metrics,
        nodeId: world.settings.number('node.id'),
        clusterId,
        endOfTurn: world.endOfTurn,
        settings: logManagerSettings(world.settings),
      })
      const instance = new BrokerInstance(world, images, logs)
      await instance.#open().catch(async (error: unknown) => {
        await instance.close()
        throw error
      })
      return instance
    } catch (error) {
      images.close()
      throw error
    }
  }

  get listeners(): readonly BoundListener[] {
    return this.#bound
  }

  readiness(): { readonly ready: true } | { readonly ready: false; readonly reason: string } {
    return this.#state === 'ready' ? { ready: true } : { ready: false, reason: `the broker is ${this.#state}` }
  }

  dropConnections(): void {
    this.#server.dropConnections()
  }

  /** Answers what has begun, hands over, and leaves the data as after a clean stop. Doing it twice does nothing. */
  async close(graceMs = 1_000): Promise<void> {
    if (this.#state === 'stopping') return
    this.#state = 'stopping'
    const closing = this.#server.close(graceMs)
    // What this turn brought is written and answered; who waits longer is told to look for another leader.
    await this.#turn()
    await this.#turn()
    this.services.groups.close()
    await this.services.partitions.close()
    await closing
    try {
      await this.services.controller.close()
      await this.#registration.close()
    } finally {
      // The data doesn't depend on whether the metadata store could still be told.
      this.#noteEnd(await this.services.logs.close(this.#registration.epoch))
      this.services.images.close()
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#world.endOfTurn(resolve))
  }

  async #open(): Promise<void> {
    const { settings, createsOffsetsTopic, loggers } = this.#world
    // Where the port is left to the system nobody knows it yet; where it isn't, clients must not come too early.
    const hasFreePorts = listenerSettings(settings).some(({ port }) => port === 0)
    if (hasFreePorts) this.#bound = await this.#server.listen()
    this.services.partitions.update(this.services.images.current)
    await this.#registration.open(this.#facts())
    this.#noteLife(false)
    setStraysAside(this.services.images.current, this.services)
    if (createsOffsetsTopic) await this.services.topicCreation.create([offsetsTopic])
    if (!hasFreePorts) this.#bound = await this.#server.listen()
    this.#state = 'ready'
    loggers.root.info('the broker serves clients', {
      brokerId: this.services.brokerId,
      epoch: this.#registration.epoch,
    })
  }

  #buildServer(): NetServer {
    const { settings, clock, loggers, metrics } = this.#world
    const table: HandlerTable = handlerTable([...Object.values(handlers), apiVersions(() => table)])
    const dispatcher = new Dispatcher({
      handlers: table,
      services: this.services,
      image: () => this.services.images.current,
      interceptors: this.interceptors,
      clock,
      log: loggers.of('millrace.requests'),
      metrics,
    })
    const requestBytesMax = settings.number('queued.max.request.bytes')
    const requestBytes = new ByteBudget(requestBytesMax > 0 ? requestBytesMax : Infinity)
    return new NetServer({
      listeners: listenerSettings(settings),
      settings,
      dispatcher,
      requestBytes,
      clock,
      log: loggers.of('millrace.network'),
      metrics,
    })
  }

  #declareMetrics(): void {
    const { metrics } = this.#world
    const { fetchSessions, responseBytes, partitions } = this.services
    const gauge = (name: string, help: string, read: () => number): void => metrics.gauge({ name, help }, read)
    const sessions = 'kafka_server_fetchsessioncache_numincrementalfetch'
    gauge(`${sessions}sessions`, 'Incremental fetch sessions', () => fetchSessions.size)
    gauge(`${sessions}partitionscached`, 'Partitions in fetch sessions', () => fetchSessions.partitionCount)
    gauge('millrace_response_memory_bytes', 'Bytes of records in responses', () => responseBytes.heldBytes)
    gauge(
      'millrace_parked_produces',
      'Partitions of Produce requests that wait for replicas',
      () => partitions.waiting().produces,
    )
    gauge('millrace_parked_fetches', 'Partitions that fetches wait for', () => partitions.waiting().fetches)
  }

  #followImages(): void {
    const { images, partitions, groups } = this.services
    this.#takeDynamicSettings(images.current)
    images.onChange((image, before) => {
      if (image.configs !== before.configs) this.#takeDynamicSettings(image)
      if (this.#state === 'stopping') return
      const offline = partitions.offlineCount
      partitions.update(image)
      if (partitions.offlineCount !== offline) this.#tellOffline()
      const deleted = deletedTopics(image, before)
      if (deleted.length > 0) groups.topicsDeleted(deleted)
    })
  }

  #takeDynamicSettings(image: MetadataImage): void {
    const { settings, loggers } = this.#world
    const clusterWide = configsOf(image, { type: 'broker', name: '' })
    const perBroker = configsOf(image, { type: 'broker', name: String(settings.number('node.id')) })
    if (settings.dynamic.clusterWide === clusterWide && settings.dynamic.perBroker === perBroker) return
    for (const problem of settings.setDynamic({ clusterWide, perBroker })) loggers.root.warn(problem)
    const cordoned = this.#cordonedIds().join()
    this.services.logs.reconfigure(logManagerSettings(settings))
    if (this.#cordonedIds().join() !== cordoned) this.#tellCordoned()
  }

  #cordonedIds(): readonly string[] {
    const cordoned = this.services.logs.directories().filter((one) => one.online && one.cordoned)
    return cordoned.map(({ directoryId }) => directoryId)
  }

  #tellCordoned(): void {
    this.#registration.update({ cordonedDirectoryIds: this.#cordonedIds() }).catch((error: unknown) => {
      this.#world.loggers.root.error('nobody was told which log directories are cordoned', {
        reason: errorMessage(error),
      })
    })
  }

  // Kafka's rule: with the directory of the metadata, or the last one, the broker goes.
  #directoryFailed(path: string, reason: string): void {
    const { directories, onFailed } = this.#world
    this.#isDataIntact = false
    this.services.partitions.directoryFailed()
    const online = this.services.logs.directories().filter((one) => one.online)
    if (online.length === 0) onFailed(`no log directory is left: ${path}: ${reason}`)
    else if (path === directories[0])
      onFailed(`the log directory that holds the metadata has failed: ${path}: ${reason}`)
    else this.#tellOffline()
  }

  // Without it the next life doesn't rely on this one.
  #noteEnd(stoppedCleanly: boolean): void {
    try {
      this.#noteLife(stoppedCleanly)
    } catch (error) {
      this.#world.loggers.root.warn('how this life of the broker ended could not be noted', {
        reason: errorMessage(error),
      })
    }
  }

  #tellOffline(): void {
    if (this.#state === 'stopping') return
    try {
      this.#noteLife(false)
    } catch (error) {
      this.#world.onFailed(`the state of the data can't be noted: ${errorMessage(error)}`)
      return
    }
    const { directoryIds, offlinePartitions } = this.#replicaFacts()
    this.#registration.update({ directoryIds, offlinePartitions }).catch((error: unknown) => {
      this.#world.loggers.root.error('nobody was told of a log directory that failed', { reason: errorMessage(error) })
    })
  }

  #replicaFacts() {
    const online = this.services.logs.directories().filter((one) => one.online)
    return {
      directoryIds: online.map(({ directoryId }) => directoryId),
      cordonedDirectoryIds: this.#cordonedIds(),
      offlinePartitions: this.services.partitions.offline(),
    }
  }

  #facts() {
    const { settings, random, bootId, fileSystem, directories } = this.#world
    const replicas = this.#replicaFacts()
    const [directory] = directories
    const last = bootId === null || directory === undefined ? null : readBrokerLife(fileSystem, directory)
    return {
      listeners: registeredListeners(settings, this.#bound),
      rack: settings.text('broker.rack'),
      incarnationId: random.uuid(),
      ...replicas,
      intactSince: intactSince(last, bootId ?? '', replicas.directoryIds),
    }
  }

  async #adopt(brokerEpoch: BrokerEpoch): Promise<void> {
    const { adoptable, store } = this.#world
    if (adoptable !== null) await adopt(adoptable, { store, services: this.services, brokerEpoch })
  }

  #noteLife(stoppedCleanly: boolean): void {
    const { bootId, fileSystem, directories, loggers } = this.#world
    const [directory] = directories
    const { epoch } = this.#registration
    if (bootId === null || directory === undefined || epoch < 0) return
    const own = this.services.images.current.brokers.get(this.services.brokerId)
    const last = readBrokerLife(fileSystem, directory)
    const since = (stoppedCleanly ? last?.intactSince : own?.intactSince) ?? epoch
    // A disk that failed may have dropped what the page cache held: the next life doesn't rely on it.
    const life = { epoch, intactSince: since, bootId: this.#isDataIntact ? bootId : '', stoppedCleanly }
    writeBrokerLife(fileSystem, directory, { ...life, directoryIds: this.#replicaFacts().directoryIds })
    loggers.root.debug('noted how far the data can be trusted', { epoch, intactSince: since, stoppedCleanly })
  }
}

function deletedTopics(image: MetadataImage, before: MetadataImage) {
  if (image.topicsById === before.topicsById) return []
  return [...before.topicsById.values()]
    .filter(({ id, name }) => !image.topicsById.has(id) && !isInternalTopic(name))
    .map(({ id, name }) => ({ name, topicId: id }))
}

function registeredListeners(settings: BrokerSettings, bound: readonly BoundListener[]) {
  return listenerSettings(settings).map(({ listener, host, port, protocol, advertised }) => ({
    name: listener,
    host: advertised?.host ?? (host === '' ? 'localhost' : host),
    port: advertised?.port ?? bound.find((one) => one.listener === listener)?.port ?? port,
    securityProtocol: protocol,
  }))
}

/** The cluster's id, which the first broker gives it. */
async function ensureCluster(world: BrokerWorld, images: ImageKeeper): Promise<string> {
  while (images.current.clusterId === '') {
    const clusterId = world.adoptable?.clusterId ?? world.random.uuid()
    const named = await world.store.commit(nameCluster(clusterId))
    if (named.kind === 'unknown') throw new Error(`the metadata store can't be written to: ${named.reason}`)
    if (named.kind === 'committed') await images.waitFor(named.revision)
    else await images.waitFor(asRevision(images.current.revision + 1))
  }
  return images.current.clusterId
}
