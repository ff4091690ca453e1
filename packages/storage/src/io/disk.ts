import * as fs from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { errorMessage } from '@millrace/kernel'
import { DiskFile } from './disk-file.ts'
import { removeInThread, syncInThread } from './disk-threads.ts'
import type { DirectoryEntry, DirectoryLock, FileHandle, FileStatus, FileSystem } from './file-system.ts'
import { DirectoryLockedError } from './file-system.ts'

/** Files as the operating system has them. */
export function diskFileSystem(): FileSystem {
  return {
    sharedAs: 'disk',
    open: (path, mode) => new DiskFile(path, fs.openSync(path, openFlags[mode], 0o644)),
    stat,
    readFile,
    list,
    makeDirectory: (path) => void fs.mkdirSync(path, { recursive: true }),
    rename: (from, to) => fs.renameSync(from, to),
    remove: (path) => unlessMissing(() => (fs.unlinkSync(path), true)) ?? false,
    removeLater: async (path) => {
      const device = deviceOf(path)
      return device !== undefined && (await removeInThread(path, device, false))
    },
    removeDirectoryLater: async (path) => {
      const device = deviceOf(path)
      if (device !== undefined) await removeInThread(path, device, true)
    },
    syncDirectory,
    syncDirectoryLater,
    syncLater,
    space,
    lock,
  }
}

/** The same for files that nobody will look for after a power cut: no sync waits for anything. */
export function unsyncedFileSystem(): FileSystem {
  const disk = diskFileSystem()
  return {
    ...disk,
    sharedAs: 'unsynced disk',
    open: (path, mode) => Object.assign(disk.open(path, mode), { sync: () => {} }),
    syncDirectory: () => {},
    syncDirectoryLater: () => Promise.resolve(),
    syncLater: () => Promise.resolve(),
  }
}

const openFlags = {
  existing: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
  read: fs.constants.O_RDONLY,
}

function stat(path: string): FileStatus | undefined {
  const found = fs.statSync(path, { throwIfNoEntry: false })
  return found === undefined ? undefined : { sizeBytes: found.size, modifiedAtMs: found.mtimeMs }
}

const deviceOf = (path: string): number | undefined => fs.statSync(path, { throwIfNoEntry: false })?.dev

const empty = new Uint8Array(0)

// Into memory of its own: what Node reads small files into is a part of a larger buffer, which would be kept with it.
function readFile(path: string): Uint8Array | undefined {
  const bytes = unlessMissing(() => readWhole(path))
  if (bytes === undefined) return undefined
  return bytes.length === 0 ? empty : new Uint8Array(bytes)
}

// Node's error of a failed read doesn't say of which file.
function readWhole(path: string): Uint8Array {
  try {
    return fs.readFileSync(path)
  } catch (error) {
    if (!(error instanceof Error) || error.message.includes(path)) throw error
    throw Object.assign(
      new Error(`${path}: ${error.message}`, { cause: error }),
      'code' in error ? { code: error.code } : {},
    )
  }
}

function list(path: string): readonly DirectoryEntry[] | undefined {
  const entries = unlessMissing(() => fs.readdirSync(path, { withFileTypes: true }))
  return entries?.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
}

function syncDirectory(path: string): void {
  const fd = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

async function syncDirectoryLater(path: string): Promise<void> {
  const fd = fs.openSync(path, 'r')
  try {
    await syncInThread(fd, fs.fstatSync(fd).dev)
  } finally {
    fs.closeSync(fd)
  }
}

async function syncLater(file: FileHandle): Promise<void> {
  if (!(file instanceof DiskFile)) throw new TypeError(`not a file of the disk: ${file.path}`)
  await file.syncLater()
}

function space(path: string): { totalBytes: number; usableBytes: number } {
  const { bsize, blocks, bavail } = fs.statfsSync(path)
  return { totalBytes: bsize * blocks, usableBytes: bsize * bavail }
}

const ownerVersion = 1
const sqliteBusy = 5

// A database that nobody holds is collected, and its lock goes with it.
const lockedDatabases = new Set<DatabaseSync>()

/**
 * SQLite's exclusive lock is a POSIX lock of this process, which the kernel drops however it ends; Node has none of its
 * own. Its bytes lie within those that Apache Kafka locks of the same file, so the two keep each other out as well.
 */
function lock(path: string): DirectoryLock {
  const ownerPath = join(path, '.lock-owner')
  // SQLite says only that it can't; this says why.
  fs.accessSync(path, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK)
  const database = new DatabaseSync(join(path, '.lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const message = `log directory ${path} can't be locked`
    const isHeld = error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
    if (isHeld) throw new DirectoryLockedError(`${message}: ${ownerOf(ownerPath)}`, { cause: error })
    throw new Error(`${message}: its .lock is damaged (${errorMessage(error)}): remove that file`, { cause: error })
  }
  lockedDatabases.add(database)
  fs.writeFileSync(ownerPath, `${JSON.stringify({ version: ownerVersion, pid: process.pid })}\n`)
  return {
    release: () => {
      fs.rmSync(ownerPath, { force: true })
      lockedDatabases.delete(database)
      database.close()
    },
  }
}

function ownerOf(ownerPath: string): string {
  const text = unlessMissing(() => fs.readFileSync(ownerPath, 'utf8'))
  const pid = text === undefined ? undefined : /"pid":(\d+)/.exec(text)?.[1]
  return pid === undefined ? 'another process holds it' : `process ${pid} holds it`
}

function unlessMissing<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
