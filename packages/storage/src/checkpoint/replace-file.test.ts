import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryFileSystem } from '../io/memory.ts'
import { replaceFile, replaceFileLater } from './replace-file.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

test('a file that is replaced later is the old one until then, and the new one after', async () => {
  const files = memoryFileSystem({ nowMs: () => 0 })
  files.makeDirectory('/d')
  replaceFile(files, '/d/f', bytesOf('old one'), true)
  const replaced = replaceFileLater(files, '/d/f', bytesOf('new'), () => true)
  assert.deepEqual(files.readFile('/d/f'), bytesOf('old one'))
  await replaced
  assert.deepEqual(files.readFile('/d/f'), bytesOf('new'))
})

test('what is written meanwhile is newer, and stays', async () => {
  const files = memoryFileSystem({ nowMs: () => 0 })
  files.makeDirectory('/d')
  let isCurrent = true
  const replaced = replaceFileLater(files, '/d/f', bytesOf('old'), () => isCurrent)
  isCurrent = false
  replaceFile(files, '/d/f', bytesOf('newer'), true)
  await replaced
  assert.deepEqual(files.readFile('/d/f'), bytesOf('newer'))
})
