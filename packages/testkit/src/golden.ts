import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkBatchLine } from './golden-batches.ts'
import { checkHashLine } from './golden-hashes.ts'
import { checkMessageLine } from './golden-messages.ts'

interface GoldenFailure {
  readonly file: string
  readonly line: number
  readonly message: string
}

interface GoldenResult {
  readonly passed: number
  readonly failures: readonly GoldenFailure[]
}

const files: readonly { readonly name: string; readonly headLines: number; readonly check: (line: string) => void }[] =
  [
    { name: 'messages.jsonl', headLines: 0, check: checkMessageLine },
    { name: 'batches.jsonl', headLines: 0, check: checkBatchLine },
    { name: 'hashes.tsv', headLines: 1, check: checkHashLine },
  ]

/** Checks every line of the golden files that `folder` has. */
export function checkGolden(folder: string): GoldenResult {
  let passed = 0
  const failures: GoldenFailure[] = []
  for (const { name, headLines, check } of files) {
    const path = join(folder, name)
    if (!existsSync(path)) continue
    for (const [index, line] of readFileSync(path, 'utf8').split(/\r?\n/).entries()) {
      if (index < headLines || line === '') continue
      const message = problemOf(check, line)
      if (message === null) passed++
      else failures.push({ file: path, line: index + 1, message })
    }
  }
  return { passed, failures }
}

function problemOf(check: (line: string) => void, line: string): string | null {
  try {
    check(line)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
