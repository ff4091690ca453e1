import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Admin, type ClientOptions } from '@millrace/client'
import { tool } from '../peers/java-tools.ts'
import { errorOf, until, type World } from './world.ts'

export function securityTests(world: World): void {
  suite('security', () => {
    const as = (
      mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
      username: string,
      password: string,
    ): ClientOptions => ({
      bootstrapServers: world.kafka.bootstrap.SASL_PLAINTEXT,
      sasl: { mechanism, username, password },
    })

    test('bindings are added, found and deleted, and Kafka’s own tool sees them', async () => {
      const { admin, kafka } = world
      const outcomes = await admin.createAcls([
        { resourceType: 'topic', resourceName: 'orders', principal: 'User:bob', operation: 'read' },
        { resourceType: 'cluster', resourceName: 'wrong', principal: 'User:bob', operation: 'read' },
        {
          resourceType: 'transactional-id',
          resourceName: 'pay',
          patternType: 'prefixed',
          principal: 'User:bob',
          host: '10.0.0.1',
          operation: 'write',
          permission: 'deny',
        },
      ])
      assert.deepEqual(outcomes.map(errorOf), [undefined, 'INVALID_REQUEST', undefined])
      const bobs = await until(async () => {
        const found = await admin.describeAcls({ principal: 'User:bob' })
        return found.length === 2 && found
      })
      assert.deepEqual(
        bobs.find(({ permission }) => permission === 'deny'),
        {
          resourceType: 'transactional-id',
          resourceName: 'pay',
          patternType: 'prefixed',
          principal: 'User:bob',
          host: '10.0.0.1',
          operation: 'write',
          permission: 'deny',
        },
      )
      const theirs = await tool('AclCommand', ['--bootstrap-server', kafka.bootstrap.PLAINTEXT, '--list'])
      assert.match(
        theirs,
        /name=orders, patternType=LITERAL[\s\S]*principal=User:bob, host=\*, operation=READ, permissionType=ALLOW/,
      )
      assert.match(theirs, /name=pay, patternType=PREFIXED[\s\S]*host=10.0.0.1, operation=WRITE, permissionType=DENY/)
      const matching = { resourceType: 'transactional-id', resourceName: 'payments', patternType: 'match' } as const
      assert.equal((await admin.describeAcls(matching)).length, 1)
      const deleted = await admin.deleteAcls([matching, { principal: 'User:bob' }, { principal: 'User:nobody' }])
      assert.deepEqual(
        deleted.map((each) => each.ok && each.value.map(({ outcome }) => outcome.ok).length),
        [1, 2, 0],
      )
      await until(async () => (await admin.describeAcls({ principal: 'User:bob' })).length === 0)
    })

    test('quotas are set, found by entity and taken away', async () => {
      const { admin } = world
      const altered = await admin.alterClientQuotas([
        { entity: { user: 'bob', clientId: null }, quotas: { producer_byte_rate: 1_000 } },
        { entity: { user: null }, quotas: { request_percentage: 12.5 } },
        { entity: { user: 'bob' }, quotas: { no_such_rate: 1 } },
      ])
      assert.deepEqual(altered.map(errorOf), [undefined, undefined, 'INVALID_REQUEST'])
      const find = (strict: boolean) =>
        admin.describeClientQuotas({ matches: [{ entity: 'user', name: 'bob' }], strict })
      await until(async () => (await find(false)).length === 1)
      assert.deepEqual(await find(true), [])
      const theDefault = await admin.describeClientQuotas({ matches: [{ entity: 'user', name: null }] })
      assert.deepEqual(theDefault, [{ entity: { user: null }, quotas: { request_percentage: 12.5 } }])
      await admin.alterClientQuotas([
        { entity: { user: 'bob', clientId: null }, quotas: { producer_byte_rate: null } },
        { entity: { user: null }, quotas: { request_percentage: null } },
      ])
      await until(async () => (await admin.describeClientQuotas()).length === 0)
    })

    test('a user logs in with the password that was given, and not without it', async () => {
      const { admin } = world
      const outcomes = await admin.alterUserScramCredentials([
        { user: 'carol', mechanism: 'SCRAM-SHA-256', password: 'carol-1' },
        { user: 'carol', mechanism: 'SCRAM-SHA-512', password: 'carol-2', iterations: 8_192 },
        { user: 'dave', mechanism: 'SCRAM-SHA-512', delete: true },
        { user: 'eve', mechanism: 'SCRAM-SHA-256', password: 'p', iterations: 10 },
      ])
      assert.deepEqual(
        [...outcomes].map(([user, outcome]) => [user, errorOf(outcome)]),
        [
          ['carol', undefined],
          ['dave', 'RESOURCE_NOT_FOUND'],
          ['eve', 'UNACCEPTABLE_CREDENTIAL'],
        ],
      )
      for (const [mechanism, password] of [
        ['SCRAM-SHA-256', 'carol-1'],
        ['SCRAM-SHA-512', 'carol-2'],
      ] as const) {
        await until(async () => {
          await using carol = new Admin(as(mechanism, 'carol', password))
          return await carol.describeCluster().then(
            () => true,
            () => false,
          )
        })
      }
      await using stranger = new Admin(as('SCRAM-SHA-256', 'carol', 'carol-2'))
      await assert.rejects(stranger.describeCluster(), { error: 'SASL_AUTHENTICATION_FAILED' })
      const described = await admin.describeUserScramCredentials(['carol', 'nobody', 'carol'])
      assert.deepEqual([...described.keys()], ['carol', 'nobody'])
      assert.equal((await admin.describeUserScramCredentials([])).size, 0)
      const carols = described.get('carol')
      assert.ok(carols?.ok === true)
      assert.deepEqual(carols.value.map(({ mechanism, iterations }) => `${mechanism} ${iterations}`).toSorted(), [
        'SCRAM-SHA-256 4096',
        'SCRAM-SHA-512 8192',
      ])
      assert.equal(errorOf(described.get('nobody')), 'RESOURCE_NOT_FOUND')
    })

    test('tokens are made, seen, renewed and ended; nameless connections get none', async () => {
      await assert.rejects(world.admin.createDelegationToken(), { error: 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED' })
      await using admin = new Admin(as('PLAIN', 'admin', 'admin-secret'))
      const token = await admin.createDelegationToken({
        owner: 'User:alice',
        renewers: ['User:admin'],
        maxLifetimeMs: 600_000,
      })
      assert.deepEqual(
        [token.owner, token.requester, token.maxMs - token.issuedMs],
        ['User:alice', 'User:admin', 600_000],
      )
      const seen = await until(async () => (await admin.describeDelegationTokens(['User:alice']))[0])
      assert.deepEqual([seen.tokenId, seen.renewers, seen.hmac], [token.tokenId, ['User:admin'], token.hmac])
      const renewedMs = await admin.renewDelegationToken(token.hmac, { periodMs: 300_000 })
      assert.ok(renewedMs < token.maxMs)
      await admin.expireDelegationToken(token.hmac)
      await until(async () => (await admin.describeDelegationTokens()).length === 0)
      await assert.rejects(admin.renewDelegationToken(token.hmac), { error: 'DELEGATION_TOKEN_NOT_FOUND' })
    })
  })
}
