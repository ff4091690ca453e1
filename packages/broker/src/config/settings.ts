import { assert } from '@millrace/kernel'

import type { BrokerDefinition } from './definition.ts'
import { ConfigError } from './definition.ts'
import type { NameOf, QuotaName } from './definitions.ts'
import { brokerDefinitions } from './definitions.ts'
import type { Parsed, SettingValue } from './parse.ts'
import { parseSetting } from './parse.ts'

type Texts = ReadonlyMap<string, string>
export type NumberSetting = NameOf<'INT' | 'LONG' | 'SHORT' | 'DOUBLE'>
export type TextSetting = NameOf<'STRING' | 'CLASS' | 'PASSWORD'>

/** What was set at run time through the Admin API and is kept in the metadata store. */
export interface DynamicSettings {
  /** For every broker: resource BROKER with an empty name. */
  readonly clusterWide: Texts
  /** For this broker alone. */
  readonly perBroker: Texts
}

/**
 * The settings of one broker. A value comes from what was set for this broker at run time, else for all brokers at run
 * time, else at start, else it is the default.
 */
export class BrokerSettings {
  /** What was set at start, as it was written. */
  readonly atStart: Texts
  #dynamic: DynamicSettings = { clusterWide: new Map(), perBroker: new Map() }
  #parsed = new Map<string, Parsed>()
  readonly #listeners = new Set<() => void>()

  /** The texts were checked: `loadSettings` is how to get here from what a user wrote. */
  constructor(atStart: Texts = new Map()) {
    this.atStart = atStart
    for (const [name, definition] of brokerDefinitions) {
      this.#parsed.set(name, parseSetting(definition, atStart.get(name) ?? definition.defaultText))
    }
  }

  get dynamic(): DynamicSettings {
    return this.#dynamic
  }

  /** Numbers; throws where the setting is one that can be unset and is. */
  number(name: NumberSetting): number {
    const value = this.numberOrNull(name)
    assert(value !== null, `${name} has no value: ask with numberOrNull`)
    return value
  }

  numberOrNull(name: NumberSetting): number | null {
    return this.#value(name) as number | null
  }

  boolean(name: NameOf<'BOOLEAN'>): boolean {
    return this.#value(name) as boolean
  }

  text(name: TextSetting): string | null {
    return this.#value(name) as string | null
  }

  /** The elements; null where the setting can be unset and is. */
  list(name: NameOf<'LIST'>): readonly string[] | null {
    return this.#value(name) as readonly string[] | null
  }

  /** Bytes a second that replication may take; null where nobody set a bound. */
  quota(name: QuotaName): number | null {
    const text = this.#dynamic.perBroker.get(name) ?? this.#dynamic.clusterWide.get(name)
    return text === undefined ? null : Number(text)
  }

  /** Whether anybody set it, at start or since: a default is not set. */
  isSet(name: string): boolean {
    const { clusterWide, perBroker } = this.#dynamic
    return perBroker.has(name) || clusterWide.has(name) || this.atStart.has(name)
  }

  /** By any name, for descriptions; undefined where the name isn't a broker setting. */
  parsed(name: string): Parsed | undefined {
    return this.#parsed.get(name)
  }

  /**
   * Takes over what is set at run time, all of it. A value that was stored and no longer parses is left out, and the
   * problems are returned for the log.
   */
  setDynamic(dynamic: DynamicSettings): readonly string[] {
    this.#dynamic = dynamic
    const problems: string[] = []
    let changed = false
    for (const definition of brokerDefinitions.values()) {
      if (definition.update === 'read-only') continue
      changed = this.#resolve(definition, problems) || changed
    }
    if (changed) for (const listener of this.#listeners) listener()
    return problems
  }

  /** Called after a change at run time. Returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #resolve(definition: BrokerDefinition, problems: string[]): boolean {
    const { name, defaultText } = definition
    const before = this.#parsed.get(name)
    const after =
      parseOr(definition, this.#dynamic.perBroker.get(name), problems) ??
      parseOr(definition, this.#dynamic.clusterWide.get(name), problems) ??
      parseSetting(definition, this.atStart.get(name) ?? defaultText)
    this.#parsed.set(name, after)
    return before?.text !== after.text
  }

  #value(name: string): SettingValue {
    const parsed = this.#parsed.get(name)
    assert(parsed !== undefined, `no broker setting is called ${name}`)
    return parsed.value
  }
}

function parseOr(definition: BrokerDefinition, text: string | undefined, problems: string[]): Parsed | undefined {
  if (text === undefined) return undefined
  try {
    return parseSetting(definition, text)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    problems.push(error.message)
    return undefined
  }
}
