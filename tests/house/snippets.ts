import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A block of TypeScript in a page. */
export interface Snippet {
  /** The page and the line of the block's fence. */
  readonly where: string
  readonly code: string
  /** Whether it says `ts run`: a whole program, for a broker on localhost:9092. */
  readonly runs: boolean
  /** What its comments say that it prints, one line each. */
  readonly prints: readonly string[]
}

/** The blocks of TypeScript of a page, given by its path from the root of the repository. */
export function snippetsOf(page: string): Snippet[] {
  const snippets: Snippet[] = []
  const lines = readFileSync(join(root, page), 'utf8').split('\n')
  let start = -1
  for (const [i, line] of lines.entries()) {
    if (start < 0 && /^```ts\b/.test(line)) start = i
    else if (start >= 0 && line.startsWith('```')) {
      const code = lines.slice(start + 1, i).join('\n')
      const prints = Array.from(code.matchAll(/\/\/ prints: (.*)/g), ([, text]) => text ?? '')
      snippets.push({ where: `${page}:${start + 1}`, code, runs: lines[start] === '```ts run', prints })
      start = -1
    }
  }
  return snippets
}

// What the pages take for granted: the clients, and what the program around a snippet has.
const world = `
type Client = typeof import('@millrace/client')
type KafkaJs = typeof import('kafkajs')
declare global {
  const Admin: Client['Admin']
  const Consumer: Client['Consumer']
  const Producer: Client['Producer']
  const KafkaError: Client['KafkaError']
  const serde: Client['serde']
  const valuesOf: Client['valuesOf']
  const CompressionTypes: KafkaJs['CompressionTypes']
  const Kafka: KafkaJs['Kafka']
  const KafkaJSProtocolError: KafkaJs['KafkaJSProtocolError']
  const kafka: import('kafkajs').Kafka
  const admin: import('@millrace/client').Admin
  const bootstrapServers: string
  const cluster: { readonly bootstrapServers: string[] }
  const manyRecords: import('@millrace/client').ProducerRecord[]
  const z: {
    int(): unknown
    string(): { default(value: string): unknown }
    object(shape: object): import('@millrace/client').StandardSchema<{ id: number }, { id: number; note: string }>
  }
  const password: string
  const pem: string
  const handle: (...given: unknown[]) => Promise<void>
  const warmUp: (...given: unknown[]) => Promise<void>
  const flush: (...given: unknown[]) => Promise<void>
  const store: (...given: unknown[]) => Promise<void>
  const forget: (...given: unknown[]) => void
  const readSecret: (name: string) => Promise<string>
  const fetchToken: () => Promise<string>
  interface Order {
    readonly id: number
  }
}
export {}
`
const ours = `declare global {
  const consumer: import('@millrace/client').Consumer
  const producer: import('@millrace/client').Producer
}
export {}
`
const theirs = `declare global {
  const consumer: import('kafkajs').Consumer
  const producer: import('kafkajs').Producer
}
export {}
`

/** A folder in which the snippets are modules of a project; it is gone when disposed of. */
export class SnippetProject implements Disposable {
  readonly folder: string

  constructor(name: string, snippets: readonly Snippet[], of: 'millrace' | 'kafkajs' = 'millrace') {
    this.folder = join(root, '.cache', `snippets-${name}-${process.pid}`)
    mkdirSync(this.folder, { recursive: true })
    const compilerOptions = {
      noUnusedLocals: false,
      noUnusedParameters: false,
      incremental: false,
      tsBuildInfoFile: null,
    }
    const config = {
      extends: '../../tsconfig.test.json',
      compilerOptions,
      include: ['*.ts', '../../packages/*/src/**/*.d.ts'],
      references: [],
    }
    this.write('tsconfig.json', JSON.stringify(config))
    this.write('world.d.ts', world)
    this.write('clients.d.ts', of === 'millrace' ? ours : theirs)
    for (const snippet of snippets) this.write(this.fileOf(snippet), `${snippet.code}\nexport {}\n`)
  }

  fileOf({ where }: Snippet): string {
    return `${basename(where).replace(/[.:]/g, '-')}.ts`
  }

  write(file: string, text: string): string {
    writeFileSync(join(this.folder, file), text)
    return join(this.folder, file)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
