import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileHandle, FileSystem } from './file-system.ts'
import { OpenFiles } from './open-files.ts'

function countedFiles(max: number) {
  const closed: string[] = []
  let opened = 0
  const open = (path: string): FileHandle => {
    opened += 1
    return { path, close: () => void closed.push(path) } as unknown as FileHandle
  }
  const files = new OpenFiles({ open } as unknown as FileSystem, max)
  return { files, closed, opened: () => opened }
}

test('an open file is handed out again, and one that was used lately stays open', () => {
  const { files, closed, opened } = countedFiles(8)
  for (let i = 0; i < 100; i += 1) {
    files.get('busy')
    files.get(`passing-${i}`)
  }
  assert.equal(opened(), 101)
  assert.equal(closed.includes('busy'), false)
  assert.equal(files.count, 8)
})

test('with one file too many the one that nobody used for longest is closed', () => {
  const { files, closed } = countedFiles(4)
  for (const path of ['a', 'b', 'c', 'd', 'a', 'e']) files.get(path)
  assert.deepEqual(closed, ['b'])
  files.setMax(2)
  assert.deepEqual(closed, ['b', 'c', 'd'])
})

test('a file can be used while as many others as the bound allows are opened after it', () => {
  const { files, closed } = countedFiles(16)
  files.get('first')
  for (let i = 0; i < 3; i += 1) files.get(`early-${i}`)
  files.get('first')
  for (let i = 0; i < 11; i += 1) files.get(`later-${i}`)
  assert.deepEqual(closed, [])
})
