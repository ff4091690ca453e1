import type { Logger, Revision } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'
import { applyChanges, replaceImage } from '@millrace/machines'
import type { Change, MetadataStore, Snapshot, Watch } from '@millrace/metadata'

export type ImageListener = (image: MetadataImage, before: MetadataImage) => void

interface RevisionWaiter {
  readonly revision: Revision
  readonly reached: (image: MetadataImage) => void
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

  /** The first image that has `revision`. */
  waitFor(revision: Revision): Promise<MetadataImage> {
    if (this.#image.revision >= revision) return Promise.resolve(this.#image)
    return new Promise((reached) => this.#waiters.push({ revision, reached }))
  }

  close(): void {
    this.#watch?.close()
    this.#waiters = []
  }

  #changed(revision: Revision, changes: readonly Change[]): void {
    this.#install(() => applyChanges(this.#image, revision, changes))
  }

  #replaced(snapshot: Snapshot): void {
    this.#log.info('metadata read anew: its history was compacted', { revision: snapshot.revision })
    this.#install(() => replaceImage(snapshot))
  }

  // An image that can't be built (a newer format) leaves the last good one in place: data goes on being served.
  #install(build: () => MetadataImage): void {
    const before = this.#image
    try {
      this.#image = build()
    } catch (error) {
      this.#log.error('metadata can not be read', { reason: errorMessage(error) })
      return
    }
    for (const listener of this.#listeners) listener(this.#image, before)
    this.#wake()
  }

  #wake(): void {
    const reached = this.#waiters.filter((waiter) => waiter.revision <= this.#image.revision)
    if (reached.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#image.revision)
    for (const waiter of reached) waiter.reached(this.#image)
  }
}
