import { readdirSync } from 'node:fs'
import { join } from 'node:path'

export const parityFiles = (): string[] =>
  readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(import.meta.dirname, name))

// Of both brokers.
export const paritySettings: Readonly<Record<string, string>> = { 'group.initial.rebalance.delay.ms': '0' }
