import type { GroupDecision } from '@millrace/machines'
import { decodeGroupRecord } from '@millrace/machines'
import {
  consumerGroupMetadataRecord,
  encodeCoordinatorKey,
  encodeCoordinatorValue,
  errorName,
  zeroUuid,
} from '@millrace/protocol'
import { GroupDouble } from './group-double.ts'
import type { ScenarioClient } from './scenario-commands.ts'
import { verbs } from './scenario-commands.ts'
import type { ScenarioLine } from './scenario-line.ts'
import { numberOption, parseLine, parsePartition } from './scenario-line.ts'
import { showDecision } from './scenario-show.ts'

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationOf(text: string): number {
  const [, amount = '', unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? []
  const unitMs = unitsMs[unit]
  if (unitMs === undefined) throw new RangeError(`not a duration: got '${text}', expected one such as 10s or 7d`)
  return Number(amount) * unitMs
}

/** A member id's random part; scenarios count the ids of a client instead. */
const uuid = /([A-Za-z0-9._]+)-([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})/g

/**
 * Runs a scenario of the group coordinator: lines that begin with `>` are commands, those under one are what it led
 * to, `#` is a comment. Returns the same text with what it leads to now.
 */
export function runGroupScenario(text: string): string {
  const run = new ScenarioRun()
  const output: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('>')) output.push(line, ...run.command(line.slice(1)))
    else if (line === '' || line.startsWith('#')) output.push(line)
  }
  return output.join('\n')
}

class ScenarioRun {
  readonly #double = new GroupDouble()
  readonly #clients = new Map<string, ScenarioClient>()
  readonly #askers = new Map<number, string>()
  readonly #memberNames = new Map<string, string>()
  #token = 0

  command(text: string): string[] {
    const line = parseLine(text)
    return this.#lines(line).map((shown) => this.#withMemberNames(shown))
  }

  #lines(line: ScenarioLine): string[] {
    switch (line.verb) {
      case 'settings':
        this.#double.settings = { ...this.#double.settings, ...settingsOf(line) }
        return []
      case 'advance':
        return [...this.#double.advance(durationOf(line.words[0] ?? ''))].flatMap((decision) => this.#show(decision))
      case 'fail-over':
        return this.#failOver()
      case 'forget':
        this.#clients.delete(line.words[0] ?? '')
        return []
      case 'transaction':
        return this.#transactionalCommit(line)
      case 'commit-transaction':
      case 'abort-transaction':
        this.#double.mark(numberOption(line, 'producer', 1), line.verb === 'commit-transaction' ? 'commit' : 'abort')
        return []
      case 'consumer-group-record':
        return this.#foreignRecord(line)
      default:
        return this.#ask(line)
    }
  }

  #ask(line: ScenarioLine): string[] {
    const make = verbs.get(line.verb)
    if (make === undefined) throw new RangeError(`no verb of a scenario: ${line.verb}`)
    this.#token += 1
    this.#askers.set(this.#token, line.words[0] ?? line.verb)
    return this.#show(this.#double.run(make(line, this.#token, (name) => this.#client(name))))
  }

  #failOver(): string[] {
    const { replies, decision } = this.#double.failOver()
    return this.#show({ ...decision, replies })
  }

  #transactionalCommit(line: ScenarioLine): string[] {
    for (const [name, offset] of line.options) {
      if (!/-\d+$/.test(name)) continue
      const committedAtMs = this.#double.nowMs
      const rest = { leaderEpoch: -1, metadata: '', committedAtMs, expiresAtMs: -1, topicId: zeroUuid }
      const value = { offset: Number(offset), ...rest }
      const groupId = line.options.get('group') ?? 'g'
      const producer = numberOption(line, 'producer', 1)
      this.#double.replay({ kind: 'offset', groupId, ...parsePartition(name), value }, producer)
    }
    return []
  }

  #foreignRecord(line: ScenarioLine): string[] {
    const groupId = line.words[0] ?? ''
    const key = encodeCoordinatorKey(consumerGroupMetadataRecord, { groupId })
    const value = encodeCoordinatorValue(consumerGroupMetadataRecord, { epoch: 1 }, 0)
    this.#double.replay(decodeGroupRecord(key, value))
    return []
  }

  #show(decision: GroupDecision): string[] {
    for (const { to, answer } of decision.replies) {
      if (answer.kind !== 'joinGroup') continue
      const client = this.#client(this.#askers.get(to) ?? '')
      const error = errorName(answer.body.errorCode)
      if (error === 'NONE' || error === 'MEMBER_ID_REQUIRED') client.memberId = answer.body.memberId
      if (error === 'NONE') client.generation = answer.body.generationId
    }
    return showDecision(decision, (token) => this.#askers.get(token) ?? `request ${token}`)
  }

  #client(name: string): ScenarioClient {
    const client = this.#clients.get(name) ?? { memberId: '', generation: -1 }
    this.#clients.set(name, client)
    return client
  }

  #withMemberNames(text: string): string {
    return text.replaceAll(uuid, (id: string, name: string) => {
      const count = [...this.#memberNames.values()].filter((known) => known.startsWith(`${name}#`)).length
      const known = this.#memberNames.get(id) ?? `${name}#${count + 1}`
      this.#memberNames.set(id, known)
      return known
    })
  }
}

const settingsOf = (line: ScenarioLine): Record<string, number> =>
  Object.fromEntries([...line.options].map(([name, value]) => [name, Number(value)]))
