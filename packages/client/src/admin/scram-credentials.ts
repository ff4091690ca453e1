import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { alterUserScramCredentialsApi, describeUserScramCredentialsApi } from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import { names } from './names.ts'
import { doneOrNot, outcomeOf } from './outcome.ts'
import type { Outcomes } from './outcome-types.ts'
import { askOne, request } from './request.ts'
import { controllerMoved, toController } from './routes.ts'
import type { ScramAlteration, ScramCredential, ScramMechanism } from './security-api.ts'

const mechanisms = names<ScramMechanism>({ 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 })

const digests: Readonly<Record<ScramMechanism, { readonly name: string; readonly sizeBytes: number }>> = {
  'SCRAM-SHA-256': { name: 'sha256', sizeBytes: 32 },
  'SCRAM-SHA-512': { name: 'sha512', sizeBytes: 64 },
}

const iterationsDefault = 4_096
const saltBytes = 32

type Credentials = readonly ScramCredential[]

export function describeUserScramCredentials(
  call: Call,
  users: readonly string[] | undefined,
): Promise<Outcomes<Credentials>> {
  return askOne(call, toController<null>, async (connection) => {
    const api = describeUserScramCredentialsApi
    const response = await request(call, connection, api, { users: users?.map((name) => ({ name })) ?? null })
    throwOnError(response.errorCode, connection, api.name, response.errorMessage)
    const from = { connection, api: api.name }
    return new Map(
      response.results.map(({ user, errorCode, errorMessage, credentialInfos }) => {
        const credentials = (): Credentials =>
          credentialInfos.map(({ mechanism, iterations }) => ({ mechanism: mechanisms.nameOf(mechanism), iterations }))
        return [user, outcomeOf(errorCode, errorMessage, from, credentials)]
      }),
    )
  })
}

/** All that shall happen to one user. */
interface OfUser {
  readonly user: string
  readonly deletions: readonly { readonly name: string; readonly mechanism: number }[]
  readonly upsertions: readonly Upsertion[]
}

interface Upsertion {
  readonly name: string
  readonly mechanism: number
  readonly iterations: number
  readonly salt: Uint8Array
  readonly saltedPassword: Uint8Array
}

export async function alterUserScramCredentials(
  call: Call,
  alterations: readonly ScramAlteration[],
): Promise<Outcomes<null>> {
  const users = [...Map.groupBy(alterations, ({ user }) => user)]
  return askEach<OfUser, null, string>(call, {
    items: await Promise.all(users.map(ofUser)),
    key: ({ user }) => user,
    route: toController,
    again: controllerMoved,
    send: async (connection, items) => {
      const body = {
        deletions: items.flatMap(({ deletions }) => deletions),
        upsertions: items.flatMap(({ upsertions }) => upsertions),
      }
      const response = await request(call, connection, alterUserScramCredentialsApi, body)
      return response.results.map(({ user, errorCode, errorMessage }) => [
        user,
        doneOrNot(errorCode, errorMessage, connection, alterUserScramCredentialsApi),
      ])
    },
  })
}

const ofUser = async ([user, mine]: readonly [string, readonly ScramAlteration[]]): Promise<OfUser> => ({
  user,
  deletions: mine.flatMap((each) =>
    'delete' in each ? [{ name: user, mechanism: mechanisms.numberOf(each.mechanism) }] : [],
  ),
  upsertions: await Promise.all(mine.flatMap((each) => ('delete' in each ? [] : [upsertion(each)]))),
})

const derive = promisify(pbkdf2)

async function upsertion(alteration: Exclude<ScramAlteration, { delete: true }>): Promise<Upsertion> {
  const { user, mechanism, password, iterations = iterationsDefault, salt = randomBytes(saltBytes) } = alteration
  const { name, sizeBytes } = digests[mechanism]
  const saltedPassword = await derive(password, salt, iterations, sizeBytes, name)
  return { name: user, mechanism: mechanisms.numberOf(mechanism), iterations, salt, saltedPassword }
}
