import type { Revision } from '@millrace/kernel'
import type { Change, Snapshot, Watch, WatchListener } from './store.ts'
import { keyOf } from './transact.ts'

/** What a new watch has missed: the changes since its revision or, where they are compacted, everything there is. */
export type Backlog =
  | { readonly kind: 'changes'; readonly revision: Revision; readonly changes: readonly Change[] }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }

interface OpenWatch {
  readonly prefix: string
  readonly listener: WatchListener
  /** Null until its backlog came: what is delivered before that is part of it. */
  seen: Revision | null
}

/** The watches of one store: passes what happened to each, in order, once. */
export class WatchFeed {
  readonly #watches = new Set<OpenWatch>()

  /** `askBacklog` calls back with all that happened until then, before anything later is delivered here. */
  open(prefix: string, listener: WatchListener, askBacklog: (answer: (backlog: Backlog) => void) => void): Watch {
    const watch: OpenWatch = { prefix, listener, seen: null }
    this.#watches.add(watch)
    askBacklog((backlog) => {
      if (!this.#watches.has(watch)) return
      if (backlog.kind === 'changes') advance(watch, backlog.revision, backlog.changes)
      else replace(watch, backlog.snapshot)
    })
    return { close: () => void this.#watches.delete(watch) }
  }

  deliver(revision: Revision, changes: readonly Change[]): void {
    for (const watch of this.#watches) {
      if (watch.seen !== null && watch.seen < revision) advance(watch, revision, changes)
    }
  }

  replace(snapshot: Snapshot): void {
    for (const watch of this.#watches) {
      if (watch.seen !== null && watch.seen < snapshot.revision) replace(watch, snapshot)
    }
  }

  close(): void {
    this.#watches.clear()
  }
}

function advance(watch: OpenWatch, revision: Revision, changes: readonly Change[]): void {
  watch.seen = revision
  watch.listener.changed(
    revision,
    changes.filter((change) => keyOf(change).startsWith(watch.prefix)),
  )
}

function replace(watch: OpenWatch, snapshot: Snapshot): void {
  watch.seen = snapshot.revision
  watch.listener.replaced({
    revision: snapshot.revision,
    entries: snapshot.entries.filter((entry) => entry.key.startsWith(watch.prefix)),
  })
}
