import { delay } from '../cluster/abort.ts'
import { isRetriableError } from '../cluster/retry.ts'
import type { TopicPartition } from '../record.ts'
import type { ConsumerContext } from './consumer-context.ts'
import { logDebug } from './consumer-context.ts'

/** How long a first look at a topic may take; it may come later. */
const firstLookMs = 1_000

/** The topics that a consumer is subscribed to: some by name, or those that fit a pattern, which come and go. */
export class SubscribedTopics {
  readonly #context: ConsumerContext
  #matching: readonly string[] = []
  #lookedAtMs = -Infinity
  #looking: Promise<void> | undefined

  constructor(context: ConsumerContext) {
    this.#context = context
  }

  /** As known now, in the order they were given, or by name. */
  get names(): readonly string[] {
    const { topics } = this.#context.settings
    return topics instanceof RegExp ? this.#matching : topics
  }

  /** Looks for the first time; asking for a topic may create it. What isn't there may come later. */
  async begin(): Promise<void> {
    const { topics, createTopics } = this.#context.settings
    if (topics instanceof RegExp) return this.refresh()
    const { cluster, stop } = this.#context
    for (const name of topics) {
      try {
        await cluster.topic(name, { signal: stop, timeoutMs: firstLookMs, create: createTopics })
      } catch (error) {
        if (!isRetriableError(error)) throw error
        logDebug(this.#context, `topic ${name} isn't there yet`, error)
      }
    }
  }

  /** The same where nothing is read before all of them are there. */
  async beginAll(): Promise<void> {
    const { cluster, settings, stop } = this.#context
    if (settings.topics instanceof RegExp) return this.refresh()
    const options = { signal: stop, create: settings.createTopics }
    await Promise.all(settings.topics.map((name) => cluster.topic(name, options)))
  }

  /** Asks the cluster what there is. */
  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  /** The same where the last look is older than `metadataMaxAgeMs`, or a topic is missing. Never rejects. */
  async refreshWhenOld(): Promise<void> {
    const { cluster, settings } = this.#context
    const ageMs = cluster.settings.clock.monotonicMs() - this.#lookedAtMs
    const missing =
      !(settings.topics instanceof RegExp) && settings.topics.some((name) => !cluster.image.topics.has(name))
    if (!missing && ageMs < cluster.settings.metadataMaxAgeMs) return
    try {
      await this.refresh()
    } catch (error) {
      logDebug(this.#context, 'metadata could not be refreshed', error)
    }
  }

  /** All partitions of them, as known now. */
  partitions(): TopicPartition[] {
    const { image } = this.#context.cluster
    return this.names.flatMap((name) =>
      (image.topics.get(name)?.partitions ?? []).map(({ partition }) => ({ topic: name, partition })),
    )
  }

  /** Without a group: calls with the partitions that come, every `metadataMaxAgeMs`. */
  async watch(onNew: (partitions: readonly TopicPartition[]) => Promise<void>): Promise<void> {
    const { cluster, partitions, stop } = this.#context
    while (!stop.aborted) {
      await delay(cluster.settings.clock, cluster.settings.metadataMaxAgeMs, stop)
      await this.refreshWhenOld()
      const grown = this.partitions().filter((each) => partitions.get(each) === undefined)
      if (grown.length > 0) await onNew(grown)
    }
  }

  async #look(): Promise<void> {
    const { cluster, settings, stop } = this.#context
    if (settings.topics instanceof RegExp) {
      const pattern = settings.topics
      const all = await cluster.allTopics(stop)
      const fits = all.filter(({ name, internal }) => !internal && matches(pattern, name))
      this.#matching = fits.map(({ name }) => name).toSorted()
    } else await cluster.refresh(settings.topics, stop)
    this.#lookedAtMs = cluster.settings.clock.monotonicMs()
  }
}

// A pattern with the flag g or y remembers where it was.
function matches(pattern: RegExp, name: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(name)
}
