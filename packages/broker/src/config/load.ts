import { cordonProblem } from './data-directories.ts'
import type { BrokerDefinition } from './definition.ts'
import { ConfigError, isSensitive } from './definition.ts'
import { brokerDefinitions } from './definitions.ts'
import { serviceLinks, settingsFromEnvironment } from './environment.ts'
import { kindOfName, similarName } from './known-names.ts'
import { httpEndpoints, listenerSettings, parseEndpoint, hostPort } from './listeners.ts'
import { parseSetting } from './parse.ts'
import { parseProperties } from './properties.ts'
import { valueRequirement } from './requirements.ts'
import { BrokerSettings } from './settings.ts'

/** Where settings come from at start. What stands further down in this list wins. */
export interface SettingsSources {
  readonly file?: { readonly path: string; readonly text: string }
  /** Usually process.env; only names that start with KAFKA_ are looked at. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** From `--set` and the options that stand for a setting; the last one of a name wins. */
  readonly overrides?: readonly (readonly [name: string, value: string])[]
}

export interface LoadedSettings {
  readonly settings: BrokerSettings
  /** To be logged once: settings that have no effect yet, and unknown names from the environment. */
  readonly notices: readonly string[]
}

interface Given {
  readonly name: string
  readonly value: string
  readonly from: string
  readonly mayBeUnknown: boolean
}

/** Puts the sources together and checks them; a ConfigError tells all that is wrong, a line each. */
export function loadSettings(sources: SettingsSources): LoadedSettings {
  const given = [...fromFile(sources), ...fromEnvironment(sources), ...fromOverrides(sources)]
  const problems: string[] = []
  const notices = new Map<string, string>()
  const texts = new Map<string, string>()
  for (const one of given) {
    const accepted = check(one, problems, notices)
    if (accepted) texts.set(one.name, one.value)
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  const settings = new BrokerSettings(completed(texts))
  checkTogether(settings)
  return { settings, notices: [...linkNotice(sources), ...notices.values()] }
}

function linkNotice({ environment = {} }: SettingsSources): readonly string[] {
  const links = serviceLinks(environment)
  if (links.length === 0) return []
  const what = 'set by Kubernetes for a service of such a name, not settings: ignored'
  return [`${links.join(', ')}: ${what} (enableServiceLinks: false in the pod's spec keeps them away)`]
}

/** Splits the argument of `--set`. */
export function parseSetArgument(argument: string): readonly [name: string, value: string] {
  const equals = argument.indexOf('=')
  if (equals <= 0) throw new ConfigError(`--set takes NAME=VALUE, got ${argument}`)
  return [argument.slice(0, equals).trim(), argument.slice(equals + 1)]
}

function fromFile({ file }: SettingsSources): readonly Given[] {
  if (file === undefined) return []
  return parseProperties(file.text).map(({ name, value, line }) => ({
    name,
    value,
    from: `${file.path}:${line}`,
    mayBeUnknown: false,
  }))
}

function fromEnvironment({ environment = {} }: SettingsSources): readonly Given[] {
  return settingsFromEnvironment(environment).map(({ variable, name, value }) => ({
    name,
    value,
    from: `environment variable ${variable}`,
    // Other programs set names of that kind too.
    mayBeUnknown: true,
  }))
}

const fromOverrides = ({ overrides = [] }: SettingsSources): readonly Given[] =>
  overrides.map(([name, value]) => ({ name, value, from: '--set', mayBeUnknown: false }))

function check(given: Given, problems: string[], notices: Map<string, string>): boolean {
  const { name, from } = given
  const kind = kindOfName(name)
  if (kind === 'unknown') {
    reportUnknown(given, problems, notices)
    return false
  }
  const definition = brokerDefinitions.get(name)
  if (definition !== undefined && !isAcceptable(definition, given, problems)) return false
  if (kind === 'known')
    notices.set(name, `${name} (${from}) is a setting of Kafka's that Millrace doesn't support yet: it has no effect`)
  return true
}

// The value of a misspelt password is nobody's business either.
const mayBeSecret = /passw|secret|jaas|key/i

function reportUnknown(given: Given, problems: string[], notices: Map<string, string>): void {
  const { name, value, from, mayBeUnknown } = given
  const similar = similarName(name)
  const message = `${from}: there is no setting ${name}`
  if (mayBeUnknown) {
    notices.set(name, similar === undefined ? message : `${message}; did you mean ${similar}?`)
    return
  }
  const got = mayBeSecret.test(name) ? '' : ` (got ${name}=${value})`
  const valid = similar === undefined ? `valid are the names of Kafka's broker settings` : `did you mean ${similar}?`
  problems.push(`${message}${got}; ${valid}`)
}

function isAcceptable(definition: BrokerDefinition, { value, from }: Given, problems: string[]): boolean {
  try {
    parseSetting(definition, value)
    return true
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const message = isSensitive(definition) ? `Invalid value for configuration ${definition.name}` : error.message
    const valid = definition.valid === '' ? '' : `, valid is ${definition.valid}`
    problems.push(`${from}: ${message} (${definition.type}${valid})`)
    return false
  }
}

function completed(texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const complete = new Map(texts)
  const brokerId = texts.get('broker.id')
  if (brokerId !== undefined && Number(brokerId) >= 0 && !texts.has('node.id')) complete.set('node.id', brokerId)
  const nodeId = texts.get('node.id')
  if (nodeId !== undefined && brokerId === undefined) complete.set('broker.id', nodeId)
  const advertised = texts.get('advertised.listeners')
  // Who advertises an address wants to be reached there: Kafka's images derive the listeners likewise.
  if (advertised !== undefined && !texts.has('listeners')) complete.set('listeners', everywhere(advertised))
  return complete
}

function everywhere(advertised: string): string {
  const endpoints = advertised.split(',').map((text) => parseEndpoint('advertised.listeners', text.trim()))
  return endpoints.map(({ listener, port }) => `${listener}://${hostPort('', port)}`).join(',')
}

function checkTogether(settings: BrokerSettings): void {
  listenerSettings(settings)
  httpEndpoints(settings)
  const brokerId = settings.number('broker.id')
  if (brokerId >= 0 && brokerId !== settings.number('node.id')) {
    throw new ConfigError(`node.id and broker.id must be the same: got ${settings.number('node.id')} and ${brokerId}`)
  }
  checkRequestMemory(settings)
  const cordon = cordonProblem(settings.list('cordoned.log.dirs') ?? [], settings)
  if (cordon !== null) throw new ConfigError(cordon)
  const unmet = valueRequirement((name) => settings.atStart.get(name))
  if (unmet !== null) throw new ConfigError(unmet)
}

function checkRequestMemory(settings: BrokerSettings): void {
  const queuedBytes = settings.number('queued.max.request.bytes')
  const requestBytes = settings.number('socket.request.max.bytes')
  if (queuedBytes > 0 && settings.isSet('queued.max.request.bytes') && queuedBytes < requestBytes) {
    throw new ConfigError(
      `queued.max.request.bytes must be at least socket.request.max.bytes: got ${queuedBytes} and ${requestBytes}`,
    )
  }
}
