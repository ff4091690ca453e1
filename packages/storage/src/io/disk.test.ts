import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { batchOf, LogWorld, readAll } from '@millrace/testkit/storage'
import { diskFileSystem } from './disk.ts'
import type { FileSystem } from './file-system.ts'
import { memoryFileSystem } from './memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-storage-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (files: FileSystem, path: string): string => new TextDecoder().decode(files.readFile(path))

const drivers: readonly (readonly [string, () => FileSystem, string])[] = [
  ['disk', diskFileSystem, join(folder, 'contract')],
  ['memory', memoryFileSystem, '/data'],
]

for (const [name, make, root] of drivers) {
  test(`the ${name} driver writes, reads, cuts, renames and removes files`, async () => {
    const files = make()
    files.makeDirectory(`${root}/a/b`)
    assert.throws(() => files.open(`${root}/a/x`, 'existing'), { code: 'ENOENT' })
    const file = files.open(`${root}/a/x`, 'create')
    assert.equal(file.write([bytes('hello '), bytes('world')], 0), 11)
    assert.equal(file.write([bytes('W')], 6), 1)
    const chunk = bytes('WOR')
    const written = file.writeLater([chunk, bytes('LD!')], 6)
    chunk.fill(0)
    assert.equal(await written, 6)
    file.truncate(11)
    assert.equal(file.write([bytes('World')], 6), 5)
    const target = new Uint8Array(20)
    assert.equal(file.read(target, 6), 5)
    assert.equal(await file.readLater(target.subarray(0, 3), 0), 3)
    assert.equal(new TextDecoder().decode(target.subarray(0, 3)), 'hel')
    file.truncate(5)
    await files.syncLater(file)
    await files.syncDirectoryLater(`${root}/a`)
    file.close()
    files.rename(`${root}/a/x`, `${root}/a/b/y`)
    assert.deepEqual([read(files, `${root}/a/b/y`), files.stat(`${root}/a/x`)], ['hello', undefined])
    files.rename(`${root}/a`, `${root}/c`)
    assert.deepEqual(
      [files.list(`${root}/c/b`), files.list(`${root}/a`)],
      [[{ name: 'y', isDirectory: false }], undefined],
    )
    assert.deepEqual([files.remove(`${root}/c/b/y`), files.remove(`${root}/c/b/y`)], [true, false])
    files.open(`${root}/c/b/z`, 'create').close()
    assert.deepEqual(
      [await files.removeLater(`${root}/c/b/z`), await files.removeLater(`${root}/c/b/z`)],
      [true, false],
    )
    files.open(`${root}/c/b/z`, 'create').close()
    await files.removeDirectoryLater(`${root}/c`)
    await files.removeDirectoryLater(`${root}/c`)
    assert.equal(files.stat(`${root}/c`), undefined)
    assert.ok(files.space(root).totalBytes > 0)
  })

  test(`the ${name} driver writes thousands of chunks in one call`, () => {
    const files = make()
    files.makeDirectory(root)
    const file = files.open(`${root}/many`, 'create')
    const chunks = Array.from({ length: 3_000 }, (_, i) => bytes(`${i},`))
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    assert.equal(file.write(chunks, 0), total)
    assert.equal(read(files, `${root}/many`), chunks.map((chunk) => new TextDecoder().decode(chunk)).join(''))
    file.close()
  })
}

test('a write in another thread says how it failed as one in this thread does', async () => {
  const file = diskFileSystem().open('/dev/full', 'existing')
  assert.throws(() => file.write([bytes('x')], 0), { code: 'ENOSPC' })
  await assert.rejects(file.writeLater([bytes('x')], 0), { code: 'ENOSPC' })
  file.close()
})

test('a file that is closed while it is read stays open until the read is done', async () => {
  const files = diskFileSystem()
  const path = join(folder, 'closing')
  const file = files.open(path, 'create')
  file.write([bytes('content')], 0)
  const target = new Uint8Array(7)
  const reading = file.readLater(target, 0)
  file.close()
  assert.equal(await reading, 7)
  await assert.rejects(file.readLater(target, 0), /is closed/)
})

test('a directory is held until its holder is killed, and a second start says who holds it', async () => {
  const directory = join(folder, 'held')
  const files = diskFileSystem()
  files.makeDirectory(directory)
  const disk = new URL('./disk.ts', import.meta.url).href
  const program = `import { diskFileSystem } from '${disk}'
    diskFileSystem().lock('${directory}')
    globalThis.gc()
    console.log('held')
    setInterval(() => {}, 1000)`
  const args = ['--expose-gc', '-C', 'millrace-source', '--input-type=module-typescript', '-e', program]
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  after(() => holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  assert.throws(() => files.lock(directory), new RegExp(`process ${holder.pid} holds it`))
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  files.lock(directory).release()
})

test('a log on disk is there after a restart, with its reads from files', async () => {
  const world = new LogWorld({
    fileSystem: diskFileSystem(),
    directories: [join(folder, 'log')],
    settings: { tailCacheBytes: 1 },
  })
  const config = { segmentBytes: 500 }
  const log = world.open(config)
  for (let i = 0; i < 50; i += 1) world.append(log, batchOf([`value ${i}`]))
  const before = await readAll(log)
  assert.equal(before.length, 50)
  await world.restart()
  assert.deepEqual(await readAll(world.open(config)), before)
  await world.manager.close()
})

test('with few files allowed open, many logs are written and read all the same', async () => {
  const settings = { openFilesMax: 4, tailCacheBytes: 1 }
  const world = new LogWorld({ fileSystem: diskFileSystem(), directories: [join(folder, 'few')], settings })
  const logs = Array.from({ length: 20 }, (_, partition) => world.open({}, 'orders', partition))
  for (const value of ['a', 'b']) for (const log of logs) world.append(log, batchOf([value]))
  for (const log of logs)
    assert.deepEqual(await readAll(log), [
      [0, 'a'],
      [1, 'b'],
    ])
  await world.manager.close()
})

test('a lock file that is no lock file is said, and that it may be removed', () => {
  const files = diskFileSystem()
  const directory = mkdtempSync(join(folder, 'lock-'))
  writeFileSync(join(directory, '.lock'), 'no lock file '.repeat(100))
  assert.throws(() => files.lock(directory), /\.lock is damaged \(file is not a database\): remove that file/)
  rmSync(join(directory, '.lock'))
  files.lock(directory).release()
})

test('a lock that somebody holds is told from all that may go wrong with it', () => {
  const files = diskFileSystem()
  const directory = mkdtempSync(join(folder, 'held-'))
  const lock = files.lock(directory)
  assert.throws(() => files.lock(directory), { name: 'DirectoryLockedError', message: /process \d+ holds it/ })
  lock.release()
})

test('a read that fails says of which file', () => {
  const directory = mkdtempSync(join(folder, 'read-'))
  assert.throws(
    () => diskFileSystem().readFile(directory),
    (error: Error) => error.message.startsWith(`${directory}: EISDIR`),
  )
})

test('a file that is opened for reading is not made', () => {
  assert.throws(() => diskFileSystem().open(join(folder, 'nowhere'), 'read'), { code: 'ENOENT' })
  assert.throws(() => memoryFileSystem().open('/nowhere', 'read'), { code: 'ENOENT' })
})
