// What an editor shows of the clients: every public name says what it is; what is called gives an example and says how it
// fails; a number that may be a time or a size says in what.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const client = fileURLToPath(new URL('../../packages/client/src/', import.meta.url))

const index = readFileSync(join(client, 'index.ts'), 'utf8')
/** The modules that the index shows whole. */
const shown = Array.from(index.matchAll(/^export (?:type )?\* from '\.\/(.*)'$/gm), ([, file]) => file ?? '')
/** Those of which it shows some names. */
const shownInPart = Array.from(
  index.matchAll(/^export (?:type )?\{([^}]*)\} from '\.\/(.*)'$/gm),
  ([, names = '', file = '']) => ({ file, names: names.split(',').map((name) => name.trim()) }),
)

interface Line {
  readonly at: string
  readonly text: string
  /** The docstring that ends above it, on one line. */
  readonly doc: string
  /** Of the declaration that it lies in. */
  readonly docOfWhole: string
}

function linesOf(file: string): Line[] {
  const [lines, found] = [readFileSync(join(client, file), 'utf8').split('\n'), [] as Line[]]
  let [doc, docOfWhole, isInside] = ['', '', false]
  for (const [i, text] of lines.entries()) {
    if (isInside || /^\s*\/\*\*/.test(text)) {
      doc = `${isInside ? doc : ''} ${text.replace(/^\s*\/?\*+\/?|\*\/$/g, '').trim()}`
      isInside = !text.includes('*/')
      continue
    }
    if (text.startsWith('export ')) docOfWhole = doc
    if (text.trim() !== '') found.push({ at: `${file}:${i + 1}`, text, doc, docOfWhole })
    doc = ''
  }
  return found
}

const lines = shown.flatMap(linesOf)

/** Methods of what a client offers; a name that is there again is the same call in another way. */
function methods(): (Line & { readonly name: string })[] {
  const apis = globSync('**/*-api.ts', { cwd: client }).filter((file) => shown.includes(file))
  return apis.flatMap((file) => {
    const signatures = linesOf(file).flatMap((line) => {
      const name = /^ {2}(\w+)(<.*>)?\(/.exec(line.text)?.[1]
      return name === undefined ? [] : [{ ...line, name }]
    })
    return signatures.filter(({ name }, i) => signatures[i - 1]?.name !== name)
  })
}

const places = (found: readonly Line[]): string[] => found.map(({ at, text }) => `${at} ${text.trim()}`)

test('every name that the clients show says what it is', () => {
  const isDeclaration = ({ text }: Line): boolean =>
    /^export (interface|type \w|class|const|function|abstract)/.test(text)
  const inPart = shownInPart.flatMap(({ file, names }) =>
    linesOf(file).filter(({ text }) => names.includes(/^export [a-z ]+ (\w+)/.exec(text)?.[1] ?? '')),
  )
  assert.ok(inPart.length > 10)
  const declared = [...lines, ...inPart].filter(isDeclaration)
  assert.ok(declared.length > 100)
  assert.deepEqual(places(declared.filter(({ doc }) => doc === '')), [])
})

test('every call has an example', () => {
  assert.ok(methods().length > 70)
  assert.deepEqual(places(methods().filter(({ doc }) => !doc.includes('@example'))), [])
})

test('every call that asks a broker says how it fails', () => {
  const asking = methods().filter(({ at, name }) => !saysNothing.has(`${dirname(at).split('/')[0]}.${name}`))
  assert.deepEqual(places(asking.filter(({ doc }) => !/\b(fails?|rejects?|refused)\b/i.test(doc))), [])
})

// What is answered from memory, and what only ends.
const saysNothing = new Set([
  ...['metrics', 'close'].flatMap((name) => ['admin', 'consumer', 'producer'].map((of) => `${of}.${name}`)),
  ...['pause', 'resume', 'assignment', 'positions', 'position', 'lag', 'groupMetadata', 'inTraceOf'].map(
    (name) => `consumer.${name}`,
  ),
])

test('a number that is a time or a size says in what', () => {
  const numbers = lines.filter(({ text }) => /^ {2,6}readonly \w+\??: number( \| (null|undefined))?$/.test(text))
  assert.ok(numbers.length > 100)
  const measures = numbers.filter(({ text }) => /time|latency|interval|age|size|memory|bytes?/i.test(text))
  const isSaid = ({ text, doc, docOfWhole }: Line): boolean =>
    /(Ms|Bytes?|Byte\w+)\??:/.test(text) || /\b(ms|milliseconds?|seconds|bytes|B\/s)\b/i.test(`${doc} ${docOfWhole}`)
  assert.deepEqual(places(measures.filter((line) => !isSaid(line))), [])
})
