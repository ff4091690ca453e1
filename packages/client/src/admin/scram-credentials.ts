import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { alterUserScramCredentialsApi, describeUserScramCredentialsApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import { askEach, ofAll } from './ask-each.ts'
import type { Call } from './call.ts'
import { names, wordIn } from './names.ts'
import { doneOrNot, outcomeOf } from './outcome.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { askOne, request } from './request.ts'
import { controllerMoved, toController } from './routes.ts'
import type { ScramAlteration, ScramCredential, ScramMechanism } from './security-api.ts'

const mechanisms = names<ScramMechanism>('mechanism', { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 })

const digests: Readonly<Record<ScramMechanism, { readonly name: string; readonly sizeBytes: number }>> = {
  'SCRAM-SHA-256': { name: 'sha256', sizeBytes: 32 },
  'SCRAM-SHA-512': { name: 'sha512', sizeBytes: 64 },
}

const iterationsDefault = 4_096
const saltBytes = 32

type Credentials = readonly ScramCredential[]

export async function describeUserScramCredentials(
  call: Call,
  users: readonly string[] | undefined,
): Promise<Outcomes<Credentials>> {
  if (users === undefined) return credentialsOf(call, null)
  // No users are not all of them, which is what a broker takes an empty list for.
  const asked = [...new Set(users)]
  return asked.length === 0 ? new Map() : ofAll(asked, await credentialsOf(call, asked))
}

const credentialsOf = (call: Call, users: readonly string[] | null): Promise<Outcomes<Credentials>> =>
  askOne(call, toController<null>, async (connection) => {
    const api = describeUserScramCredentialsApi
    const response = await request(call, connection, api, { users: users?.map((name) => ({ name })) ?? null })
    throwOnError(response.errorCode, connection, api.name, response.errorMessage)
    const from = { connection, api: api.name }
    return new Map(
      response.results.map(({ user, errorCode, errorMessage, credentialInfos }) => {
        const credentials = (): Credentials =>
          credentialInfos.map(({ mechanism, iterations }) => ({ mechanism: mechanisms.nameOf(mechanism), iterations }))
        return [user, outcomeOf(errorCode, errorMessage, { ...from, about: user }, credentials)]
      }),
    )
  })

type Removal = Extract<ScramAlteration, { delete: true }>
type NewPassword = Exclude<ScramAlteration, { delete: true }>

const isRemoval = (alteration: ScramAlteration): alteration is Removal => 'delete' in alteration

/** Brokers change one thing of a user in a request: what is left of each user goes into the next one. */
export async function alterUserScramCredentials(
  call: Call,
  alterations: readonly ScramAlteration[],
): Promise<Outcomes<null>> {
  const users = [...Map.groupBy(alterations, ({ user }) => user).values()]
  const outcomes = new Map<string, Outcome<null>>()
  for (let turn = 0; users.some((mine) => mine.length > turn); turn += 1) {
    const now = users
      .flatMap((mine) => mine.slice(turn, turn + 1))
      .filter(({ user }) => outcomes.get(user)?.ok !== false)
    for (const [user, outcome] of await alterOnce(call, now)) outcomes.set(user, outcome)
  }
  return outcomes
}

function alterOnce(call: Call, alterations: readonly ScramAlteration[]): Promise<Outcomes<null>> {
  const api = alterUserScramCredentialsApi
  return askEach<ScramAlteration, null, string>(call, {
    items: alterations,
    key: ({ user }) => user,
    route: toController,
    again: controllerMoved,
    send: async (connection, items) => {
      const deletions = items.filter(isRemoval).map(({ user: name, mechanism }) => ({
        name,
        mechanism: mechanisms.numberOf(mechanism),
      }))
      const passwords = items.filter((each): each is NewPassword => !isRemoval(each))
      const body = { deletions, upsertions: await Promise.all(passwords.map(upsertion)) }
      const response = await request(call, connection, api, body)
      return response.results.map(({ user, errorCode, errorMessage }) => [
        user,
        doneOrNot(errorCode, errorMessage, connection, api, user),
      ])
    },
  })
}

const derive = promisify(pbkdf2)

async function upsertion(alteration: NewPassword) {
  const { user, mechanism, password, iterations = iterationsDefault, salt = randomBytes(saltBytes) } = alteration
  const { name, sizeBytes } = wordIn('mechanism', digests, mechanism)
  const saltedPassword = await derive(password, salt, iterations, sizeBytes, name)
  return { name: user, mechanism: mechanisms.numberOf(mechanism), iterations, salt, saltedPassword }
}
