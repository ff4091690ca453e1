import type { Random } from '@millrace/kernel'
import type { DirectoryEntry } from '@millrace/storage'
import { FaultyFile, type Luck } from './faulty-file.ts'

/** A folder: the names in it now, and those that survive a power cut for sure. */
class Folder {
  now = new Map<string, Node>()
  durable = new Map<string, Node>()
}

type Node = FaultyFile | Folder

/** One step of a journal: all of it happens or nothing. A name without a node goes. */
type NameChange = readonly { readonly folder: Folder; readonly name: string; readonly node: Node | undefined }[]

/**
 * The names of files and folders. A name that was made, changed or removed is durable once its folder was synced; of the
 * others a power cut keeps the first so many, as a journal does. A folder whose own name is lost is gone with all in it.
 */
export class FaultyNames {
  readonly #root = new Folder()
  #pending: NameChange[] = []

  file(path: string): FaultyFile | undefined {
    const node = this.#find(path)
    return node instanceof FaultyFile ? node : undefined
  }

  isFolder(path: string): boolean {
    return this.#find(path) instanceof Folder
  }

  makeFile(path: string): FaultyFile {
    const { folder, name } = this.#place(path)
    const file = new FaultyFile()
    this.#change([{ folder, name, node: file }])
    return file
  }

  /** Its parent is there. */
  makeFolder(path: string): void {
    const { folder, name } = this.#place(path)
    this.#change([{ folder, name, node: new Folder() }])
  }

  rename(from: string, to: string): void {
    const source = this.#place(from)
    const target = this.#place(to)
    const node = source.folder.now.get(source.name)
    if (node === undefined) throw notThere(from)
    const gone = { folder: source.folder, name: source.name, node: undefined }
    this.#change([gone, { folder: target.folder, name: target.name, node }])
  }

  remove(path: string): void {
    const { folder, name } = this.#place(path)
    this.#change([{ folder, name, node: undefined }])
  }

  list(path: string): DirectoryEntry[] | undefined {
    const folder = this.#find(path)
    if (!(folder instanceof Folder)) return undefined
    return [...folder.now].map(([name, node]) => ({ name, isDirectory: node instanceof Folder }))
  }

  sync(path: string): void {
    const folder = this.#find(path)
    if (!(folder instanceof Folder)) throw notThere(path)
    const left: NameChange[] = []
    for (const change of this.#pending) {
      if (change.some((edit) => edit.folder === folder)) applyTo('durable', change)
      else left.push(change)
    }
    this.#pending = left
  }

  losePower(luck: Luck, random: Random): void {
    const count = this.#pending.length
    const kept = luck === 'none' ? 0 : luck === 'all' ? count : random.below(count + 1)
    for (const change of this.#pending.slice(0, kept)) applyTo('durable', change)
    this.#pending = []
    for (const node of walk(this.#root, 'durable')) {
      if (node instanceof Folder) node.now = new Map(node.durable)
    }
    for (const file of this.files()) file.losePower(luck, random)
  }

  files(): FaultyFile[] {
    return [...walk(this.#root, 'now')].filter((node) => node instanceof FaultyFile)
  }

  #change(change: NameChange): void {
    applyTo('now', change)
    this.#pending.push(change)
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const name of path.split('/').filter((part) => part !== '')) {
      node = node instanceof Folder ? node.now.get(name) : undefined
    }
    return node
  }

  #place(path: string): { readonly folder: Folder; readonly name: string } {
    const folder = this.#find(parentOf(path))
    if (!(folder instanceof Folder)) throw notThere(path)
    return { folder, name: path.slice(path.lastIndexOf('/') + 1) }
  }
}

function applyTo(which: 'now' | 'durable', change: NameChange): void {
  for (const { folder, name, node } of change) {
    if (node === undefined) folder[which].delete(name)
    else folder[which].set(name, node)
  }
}

function* walk(folder: Folder, which: 'now' | 'durable'): Generator<Node> {
  yield folder
  for (const node of folder[which].values()) {
    if (node instanceof Folder) yield* walk(node, which)
    else yield node
  }
}

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

export const notThere = (path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: 'ENOENT' })
