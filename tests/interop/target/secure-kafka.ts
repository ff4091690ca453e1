// Apache Kafka with a listener of every security protocol, users of every mechanism, and an authorizer.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers, freePort, startFormatted } from './apache-kafka.ts'
import { type ApacheKafka, quickStart } from '../peers/apache-kafka.ts'
import { run } from '../process.ts'

const storePassword = 'store-secret'
const login = 'org.apache.kafka.common.security'

export interface SecureKafka {
  /** By security protocol: `host:port`. */
  readonly bootstrap: Readonly<Record<'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL', string>>
  /** The broker's certificate, which signs itself; its names are localhost and 127.0.0.1. */
  readonly ca: string
  /** Of the controller's listener: `host:port`. */
  readonly controller: string
  stop(): Promise<void>
}

/** alice (no rights) and admin (all) have the password NAME-secret in every mechanism; sessions last `reauthMs`. */
export async function startSecureKafka(
  kafka: ApacheKafka,
  reauthMs: number,
  more: (folder: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<SecureKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-secure-kafka-'))
  mkdirSync(join(folder, 'data'))
  const [port, controller, ssl, saslPlaintext, saslSsl] = await Promise.all([1, 2, 3, 4, 5].map(freePort))
  const ports = { PLAINTEXT: port, SSL: ssl, SASL_PLAINTEXT: saslPlaintext, SASL_SSL: saslSsl }
  const listeners = Object.entries(ports).map(([name, each]) => `${name}://127.0.0.1:${each}`)
  const keystore = join(folder, 'keystore.p12')
  const ca = await makeCertificate(keystore)
  const settings = {
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${controller}`].join(','),
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`,
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': [...Object.keys(ports), 'CONTROLLER']
      .map((name) => `${name}:${name === 'CONTROLLER' ? 'PLAINTEXT' : name}`)
      .join(','),
    'ssl.keystore.location': keystore,
    'ssl.keystore.password': storePassword,
    'ssl.keystore.type': 'PKCS12',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'connections.max.reauth.ms': String(reauthMs),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:admin;User:ANONYMOUS',
    'group.initial.rebalance.delay.ms': '0',
    ...jaas('sasl_plaintext'),
    ...jaas('sasl_ssl'),
    ...more(folder),
  }
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) =>
    ['alice', 'admin'].flatMap((name) => ['--add-scram', `${mechanism}=[name=${name},password=${name}-secret]`]),
  )
  const options = { dataDir: join(folder, 'data'), port: port ?? 0, settings }
  const { broker } = await startFormatted(kafka.classPath, options, quickStart, scram)
  await answers(broker)
  const at = (each: number | undefined): string => `127.0.0.1:${each}`
  return {
    bootstrap: { PLAINTEXT: at(port), SSL: at(ssl), SASL_PLAINTEXT: at(saslPlaintext), SASL_SSL: at(saslSsl) },
    ca,
    controller: at(controller),
    async stop() {
      await broker.program.end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function jaas(listener: string): Record<string, string> {
  const of = (mechanism: string): string => `listener.name.${listener}.${mechanism}.sasl.jaas.config`
  const scram = `${login}.scram.ScramLoginModule required;`
  const users = 'user_alice="alice-secret" user_admin="admin-secret"'
  return {
    [of('plain')]: `${login}.plain.PlainLoginModule required ${users};`,
    [of('scram-sha-256')]: scram,
    [of('scram-sha-512')]: scram,
    [of('oauthbearer')]: `${login}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="admin";`,
  }
}

async function makeCertificate(keystore: string): Promise<string> {
  const store = ['-keystore', keystore, '-storepass', storePassword, '-storetype', 'PKCS12', '-alias', 'broker']
  const names = ['-dname', 'CN=localhost', '-ext', 'SAN=DNS:localhost,IP:127.0.0.1', '-ext', 'BC=ca:true']
  await run('keytool', ['-genkeypair', '-keyalg', 'EC', '-validity', '2', ...names, ...store])
  return run('keytool', ['-exportcert', '-rfc', ...store])
}
