// Ids, times and places differ from run to run. In a request a placeholder stands for the one of this run:
//   {v}            the version, so that each version has topics and groups of its own
//   <id of TOPIC>  a topic's id
//   <session>, <member>, <producer>   the last one that an answer of the same version brought, else of any
// and for bytes: {"text": ...}, {"hex": ...}, and {"batches": [...]} for records.
import type { Json } from './case.ts'
import { recordBytes } from './records.ts'

// What a run has come to know.
export class Known {
  readonly topicIds = new Map<string, string>()
  readonly #latest = new Map<string, Json>()

  learn(kind: string, version: number, value: Json): void {
    this.#latest.set(kind, value).set(`${kind} ${version}`, value)
  }

  latest(kind: string, version: number): Json {
    return this.#latest.get(`${kind} ${version}`) ?? this.#latest.get(kind) ?? null
  }

  topicOf(id: string): string | undefined {
    for (const [topic, topicId] of this.topicIds) if (topicId === id) return topic
    return undefined
  }
}

export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [name: string]: Value }

export const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value)

const mark = (version: number): string => `v${version}v`
const placeholder = /^<(\w+)(?: of (.+))?>$/

export const unmarked = (text: string, version: number): string => text.replaceAll(mark(version), '{v}')

// Topics whose ids a request names, as they are called in this version.
export function topicsNamed(json: Json, version: number): string[] {
  if (typeof json === 'string') {
    const [, kind, topic] = placeholder.exec(json.replaceAll('{v}', mark(version))) ?? []
    return kind === 'id' && topic !== undefined ? [topic] : []
  }
  if (json === null || typeof json !== 'object') return []
  return Object.values(json).flatMap((inner: Json) => topicsNamed(inner, version))
}

// A request as it goes out in this version.
export function filledIn(json: Json, version: number, known: Known): Value {
  if (typeof json === 'string') return filledInText(json.replaceAll('{v}', mark(version)), version, known)
  if (json === null || typeof json !== 'object') return json
  if (isList(json)) return json.map((inner) => filledIn(inner, version, known))
  const filled = Object.entries(json).map(([name, inner]) => [name, filledIn(inner, version, known)] as const)
  return bytesOf(Object.fromEntries(filled))
}

function filledInText(text: string, version: number, known: Known): Value {
  const [, kind, topic] = placeholder.exec(text) ?? []
  if (kind === undefined) return text
  const value = kind === 'id' && topic !== undefined ? known.topicIds.get(topic) : known.latest(kind, version)
  if (value === undefined || value === null || typeof value === 'object') throw new Error(`nothing is known as ${text}`)
  return value
}

function bytesOf(filled: { readonly [name: string]: Value }): Value {
  const { text, hex, batches, ...others } = filled
  if (Object.keys(others).length > 0) return filled
  if (typeof text === 'string') return Buffer.from(text)
  if (typeof hex === 'string') return Buffer.from(hex, 'hex')
  return isList(batches) ? Buffer.concat(batches.map(recordBytes)) : filled
}
