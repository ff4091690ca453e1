/**
 * The one way to files. Two drivers: disk and memory; the faulty twin is in testkit. Calls are synchronous because a
 * write into the page cache takes 1-2 µs, and 40 through a thread pool; what can wait for a device (reads of cold
 * data, syncs) has an asynchronous form. Every failure throws.
 */
export interface FileSystem {
  /**
   * What another thread opens to reach the same files; absent where only this one has them, and where calls must pass
   * through this very object: whoever wraps a file system leaves it out.
   */
  readonly sharedAs?: 'disk' | 'unsynced disk'
  /**
   * For reading and writing, or only for reading ('read'). 'create' makes a file that isn't there, the others fail then;
   * none truncates.
   */
  open(path: string, mode: OpenMode): FileHandle
  /** Of a file or folder; undefined where there is none. */
  stat(path: string): FileStatus | undefined
  /** The whole file; undefined where there is none. */
  readFile(path: string): Uint8Array | undefined
  /** What lies in a folder, in no order; undefined where there is no such folder. */
  list(path: string): readonly DirectoryEntry[] | undefined
  makeDirectory(path: string): void
  /** Over what has that name already, in one step. */
  rename(from: string, to: string): void
  /** Says whether there was one. */
  remove(path: string): boolean
  /** The same off the event loop: a file of 1 GiB takes 220 ms. */
  removeLater(path: string): Promise<boolean>
  /** A folder with all that is in it, off the event loop; nothing where there is none. */
  removeDirectoryLater(path: string): Promise<void>
  /** Makes renames, new files and removals in this folder durable. */
  syncDirectory(path: string): void
  /** The same off the event loop; rejects where the device fails. */
  syncDirectoryLater(path: string): Promise<void>
  /** Makes the written bytes of a file durable off the event loop. */
  syncLater(file: FileHandle): Promise<void>
  space(path: string): { readonly totalBytes: number; readonly usableBytes: number }
  /**
   * Keeps other processes out of a folder until `release`, or until this process is gone. Throws a DirectoryLockedError
   * where it is held.
   */
  lock(path: string): DirectoryLock
}

export type OpenMode = 'existing' | 'create' | 'read'

export interface FileStatus {
  readonly sizeBytes: number
  readonly modifiedAtMs: number
}

export interface DirectoryEntry {
  readonly name: string
  readonly isDirectory: boolean
}

/** Another process, or this one, holds the directory. */
export class DirectoryLockedError extends Error {
  override name = 'DirectoryLockedError'
}

export interface DirectoryLock {
  release(): void
}

/** An open file. Positions are bytes from its start. */
export interface FileHandle {
  readonly path: string
  /** Writes the chunks back to back at `position`; returns the bytes written, which may be fewer on a full disk. */
  write(chunks: readonly Uint8Array[], position: number): number
  /** The same off the event loop, for a disk that makes its writers wait. The chunks may be used again at once. */
  writeLater(chunks: readonly Uint8Array[], position: number): Promise<number>
  /** Reads into `target` from its start; returns the bytes read, fewer at the end of the file. */
  read(target: Uint8Array, position: number): number
  readLater(target: Uint8Array, position: number): Promise<number>
  truncate(sizeBytes: number): void
  sync(): void
  /** Takes effect when the reads and syncs under way are done. */
  close(): void
}
