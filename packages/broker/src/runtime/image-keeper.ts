import type { Logger, Revision } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'
import { applyChanges, emptyImage, replaceImage } from '@millrace/machines'
import type { Change, MetadataStore, Snapshot, Watch } from '@millrace/metadata'
import { KafkaError } from '@millrace/protocol'

export type ImageListener = (image: MetadataImage, before: MetadataImage) => void

interface RevisionWaiter {
  readonly revision: Revision
  readonly reached: (image: MetadataImage) => void
  readonly failed: (error: Error) => void
}

/** What came since an image and can't be read: all of it, the last change of each key. */
interface Unread {
  readonly since: MetadataImage
  readonly changes: ReadonlyMap<string, Change>
  readonly error: KafkaError
}

/**
 * Keeps the whole key space as one immutable image, one per watch response. Listeners (partitions, groups, settings)
 * have seen an image before anybody who waited for its revision goes on.
 */
export class ImageKeeper {
  readonly #log: Logger
  readonly #listeners: ImageListener[] = []
  #waiters: RevisionWaiter[] = []
  #image: MetadataImage
  #watch: Watch | undefined
  #unread: Unread | undefined

  private constructor(image: MetadataImage, log: Logger) {
    this.#image = image
    this.#log = log
  }

  static async open(store: MetadataStore, log: Logger): Promise<ImageKeeper> {
    const snapshot = await store.read('/')
    const keeper = new ImageKeeper(replaceImage(snapshot), log)
    keeper.#watch = store.watch('/', snapshot.revision, {
      changed: (revision, changes) => keeper.#changed(revision, changes),
      replaced: (replacement) => keeper.#replaced(replacement),
    })
    return keeper
  }

  get current(): MetadataImage {
    return this.#image
  }

  /** Called for every image after the current one, in order of registration. */
  onChange(listener: ImageListener): void {
    this.#listeners.push(listener)
  }

  /** The first image that has `revision`. Rejects where metadata that can't be read keeps it from coming. */
  waitFor(revision: Revision): Promise<MetadataImage> {
    if (this.#image.revision >= revision) return Promise.resolve(this.#image)
    if (this.#unread !== undefined) return Promise.reject(this.#unread.error)
    return new Promise((reached, failed) => this.#waiters.push({ revision, reached, failed }))
  }

  close(): void {
    this.#watch?.close()
    this.#failWaiters(new KafkaError('BROKER_NOT_AVAILABLE', 'the broker has stopped'))
  }

  #changed(revision: Revision, changes: readonly Change[]): void {
    const { since, changes: unread } = this.#unread ?? { since: this.#image, changes: new Map() }
    this.#install(since, revision, new Map([...unread, ...byKey(changes)]))
  }

  #replaced(snapshot: Snapshot): void {
    this.#log.info('metadata read anew: its history was compacted', { revision: snapshot.revision })
    const puts = snapshot.entries.map((entry) => ({ kind: 'put' as const, entry }))
    this.#install(emptyImage, snapshot.revision, byKey(puts))
  }

  // An image that can't be built (a newer format) leaves the last good one in place: data goes on being served. It stays
  // until all that came since can be read: nothing is left out of an image.
  #install(since: MetadataImage, revision: Revision, changes: ReadonlyMap<string, Change>): void {
    const before = this.#image
    try {
      this.#image = applyChanges(since, revision, [...changes.values()])
      this.#unread = undefined
    } catch (error) {
      this.#keepUnread(since, changes, errorMessage(error))
      return
    }
    for (const listener of this.#listeners) listener(this.#image, before)
    this.#wake()
  }

  #keepUnread(since: MetadataImage, changes: ReadonlyMap<string, Change>, reason: string): void {
    const { revision } = this.#image
    this.#log.error('metadata can not be read: this broker goes on with what it knew before', { reason, revision })
    const error = new KafkaError('UNKNOWN_SERVER_ERROR', `the metadata of the cluster can't be read: ${reason}`)
    this.#unread = { since, changes, error }
    this.#failWaiters(error)
  }

  #failWaiters(error: KafkaError): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.failed(error)
  }

  #wake(): void {
    const reached = this.#waiters.filter((waiter) => waiter.revision <= this.#image.revision)
    if (reached.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#image.revision)
    for (const waiter of reached) waiter.reached(this.#image)
  }
}

const keyOf = (change: Change): string => (change.kind === 'put' ? change.entry.key : change.key)

const byKey = (changes: readonly Change[]): Map<string, Change> =>
  new Map(changes.map((change) => [keyOf(change), change]))
