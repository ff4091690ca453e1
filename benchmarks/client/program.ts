// One load program of its own for each run, from the checkout or from where the clients are installed as users do it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { confluentPython } from '../../tests/interop/peers/python.ts'
import { run } from '../../tests/interop/process.ts'
import type { Load, Measured } from './load/load.ts'

const sources = join(import.meta.dirname, 'load')
const timeoutMs = 60_000

export type Runner = (load: Load) => Promise<Measured>

/** Programs as they are in the checkout, types and all: faster to try, and their memory counts for nothing. */
export const fromCheckout = (): Runner => runner(['-C', 'millrace-source', join(sources, 'main.ts')])

/** Programs without types beside the clients' packages, so that no process carries a compiler. */
export function besidePackages(installed: string): Runner {
  const folder = join(installed, 'load')
  mkdirSync(folder)
  for (const name of readdirSync(sources).filter((each) => each.endsWith('.ts'))) {
    const text = stripTypeScriptTypes(readFileSync(join(sources, name), 'utf8'))
    writeFileSync(join(folder, `${name.slice(0, -3)}.mjs`), text.replace(/(from '\.\/.*)\.ts'/g, "$1.mjs'"))
  }
  return runner([join(folder, 'main.mjs')])
}

function runner(program: readonly string[]): Runner {
  return async (load) => {
    const output = await (load.client === 'librdkafka' ? python(load) : node(program, load))
    return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Measured
  }
}

const node = (program: readonly string[], load: Load): Promise<string> =>
  run(process.execPath, [...program, JSON.stringify(load)], { timeoutMs })

async function python(load: Load): Promise<string> {
  const { command } = await confluentPython.get()
  return run(command, [join(sources, 'librdkafka.py'), JSON.stringify(load)], { timeoutMs })
}
