// Behaviour of the group coordinator as text files of commands and what they lead to, to be read by a person.
// MILLRACE_REWRITE_SCENARIOS=1 writes down what they lead to now.
import assert from 'node:assert/strict'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { runGroupScenario } from '@millrace/testkit'

const folder = join(import.meta.dirname, 'scenarios')
const rewrite = process.env['MILLRACE_REWRITE_SCENARIOS'] === '1'

/** The sentence in the file's first line. */
const titleOf = (text: string): string => (text.split('\n')[0] ?? '').replace(/^#\s*/, '')

for (const file of globSync('*.txt', { cwd: folder }).toSorted()) {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  test(`${titleOf(text)} (${basename(file)})`, () => {
    const now = runGroupScenario(text)
    if (rewrite) writeFileSync(path, now)
    else assert.equal(now, text)
  })
}
