import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { parseProperties } from './properties.ts'

const pairs = (text: string): (readonly [string, string])[] =>
  parseProperties(text).map(({ name, value }) => [name, value])

const escape = (text: string): string =>
  [...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')

test('names and values are parted by =, : or blanks, and comments are skipped', () => {
  const text = '# comment\n! another\n\na=1\n  b : 2\nc 3\nd\te\nempty=\nalone\n'
  const expected = [
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
    ['d', 'e'],
    ['empty', ''],
    ['alone', ''],
  ]
  assert.deepEqual(pairs(text), expected)
})

test('a line that ends in a backslash goes on with the next, its blanks left out', () => {
  assert.deepEqual(pairs('listeners=A://:1,\\\n   B://:2\nx=a\\\\\ny=1'), [
    ['listeners', 'A://:1,B://:2'],
    ['x', 'a\\'],
    ['y', '1'],
  ])
})

test('escapes are read: tab, newline, unicode, and a separator within a name', () => {
  assert.deepEqual(pairs('a\\=b\\ c=x\\ty\\u00e9\\n\\z'), [['a=b c', 'x\tyé\nz']])
})

test('blanks at the end of a value belong to it, and Windows line ends do not', () => {
  assert.deepEqual(pairs('a=1  \r\nb=2\r'), [
    ['a', '1  '],
    ['b', '2'],
  ])
})

test('the line of a setting is the one it begins on', () => {
  const [first, second] = parseProperties('a=1\\\n2\n\nb=3')
  assert.deepEqual([first?.line, second?.line], [1, 4])
})

test('whatever is written with escapes is read back', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (name, value) => {
      assert.deepEqual(pairs(`${escape(name)}=${escape(value)}`), [[name, value]])
    }),
  )
})

test('no text makes the parser throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseProperties(text)))
})
