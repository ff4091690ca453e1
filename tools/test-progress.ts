// A reporter for node:test that says at once what it sees, whatever order files run in: a dot for a test that passed, its name
// where it took long, and the name, file and error of one that failed. Node's own keep a failure for the end of the run.
import { relative } from 'node:path'
import { inspect } from 'node:util'

interface ProgressEvent {
  readonly type: string
  readonly data?: {
    readonly name?: string
    readonly file?: string
    readonly message?: string
    readonly details?: Details
  }
}

interface Details {
  readonly type?: string
  readonly passed?: boolean
  readonly duration_ms?: number
  readonly error?: Error & { readonly failureType?: string }
}

const namedFromMs = 10_000

export default async function* report(source: AsyncIterable<ProgressEvent>): AsyncGenerator<string> {
  let dots = 0
  for await (const event of source) {
    const said = saidOf(event)
    if (said === '.') dots += 1
    else if (said !== '' && dots > 0) {
      dots = 0
      yield '\n'
    }
    if (said !== '') yield said
  }
  if (dots > 0) yield '\n'
}

function saidOf({ type, data = {} }: ProgressEvent): string {
  const { name = '', details = {} } = data
  const file = relative(process.cwd(), data.file ?? '')
  if (type === 'test:diagnostic' && file !== '') return `ℹ ${file}: ${data.message ?? ''}\n`
  // Comes as a test ends; test:pass and test:fail wait until the files before it have ended.
  if (type !== 'test:complete') return ''
  const tookMs = details.duration_ms ?? 0
  const title = `${file}: ${name} (${Math.round(tookMs / 1000)} s)\n`
  if (details.passed !== true) return failure(title, details.error)
  if (details.type === 'suite' || name === file) return ''
  return tookMs < namedFromMs ? '.' : `✔ ${title}`
}

function failure(title: string, error: Details['error']): string {
  // What failed within it has been said.
  if (error?.failureType === 'subtestsFailed') return ''
  return `✖ ${title}${inspect(error?.cause ?? error).replaceAll(/^/gm, '  ')}\n`
}
