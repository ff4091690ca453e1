import type { RunningBroker } from '@millrace/broker'
import type { Command } from 'commander'
import { collect, defaultBootstrap, parseAssignment, wholeNumber } from '../client-options.ts'
import { styled } from '../output/style.ts'
import type { Terminal } from '../terminal.ts'
import { say, UsageError } from '../terminal.ts'
import { version } from '../version.ts'

interface StartOptions {
  readonly config?: string
  readonly port?: number
  readonly data?: string
  readonly set?: readonly string[]
}

const help = `
Settings have Kafka's names. They come from the file, then from the environment in the form of Kafka's
images (KAFKA_NUM_PARTITIONS=3), then from the command line; the last of them wins.
When clients can connect, one line goes to standard output: millrace ready: broker ID on HOST:PORT.
SIGTERM or Ctrl-C ends it cleanly.

Example:
  millrace start --data ./data --set num.partitions=3`

export function addStartCommand(program: Command, terminal: Terminal): void {
  program
    .command('start')
    .description('start a broker')
    .option('--config <file>', 'a server.properties file')
    .option('--port <number>', 'listen on 127.0.0.1 at this port; 0 takes a free one', wholeNumber('--port', 0, 65_535))
    .option('--data <directory>', 'where the data lies (log.dirs)')
    .option('--set <name=value>', 'a setting; may be repeated', collect)
    .addHelpText('after', help)
    .action((options: StartOptions) => start(options, terminal))
}

async function start(options: StartOptions, terminal: Terminal): Promise<void> {
  const broker = await startBroker(options, terminal)
  const { hostPort } = await import('@millrace/broker')
  const listeners = broker.listeners.map(({ listener, host, port }) => ({ listener, address: hostPort(host, port) }))
  say(terminal, banner(broker, listeners, terminal))
  terminal.stdout.write(`millrace ready: broker ${broker.brokerId} on ${listeners[0]?.address}\n`)
  const reason = await Promise.race([aborted(terminal.signal), broker.failed])
  await broker.close()
  if (reason !== undefined) throw new Error(`the broker can't go on: ${reason}`)
}

async function startBroker(options: StartOptions, terminal: Terminal): Promise<RunningBroker> {
  // Loaded here, so that no other command pays for the broker.
  const { ConfigError, runBroker } = await import('@millrace/broker')
  try {
    return await runBroker({
      environment: terminal.env,
      settings: settingsOf(options),
      ...(options.config === undefined ? {} : { configFile: options.config }),
    })
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

// What has an option of its own stands above `--set` of the same name.
function settingsOf({ port, data, set = [] }: StartOptions): (readonly [string, string])[] {
  const settings = set.map(parseAssignment)
  if (port !== undefined) settings.push(['listeners', `PLAINTEXT://127.0.0.1:${port}`])
  if (data !== undefined) settings.push(['log.dirs', data])
  return settings
}

interface Listening {
  readonly listener: string
  readonly address: string
}

function banner(broker: RunningBroker, listeners: readonly Listening[], terminal: Terminal): string {
  const bold = (text: string): string => styled(terminal, 'stderr', 'bold', text)
  const command = (text: string): string => styled(terminal, 'stderr', 'cyan', text)
  const address = listeners[0]?.address ?? defaultBootstrap
  const http = broker.httpPorts.map((port) => `http://127.0.0.1:${port}/metrics`).join(', ')
  const to = address === defaultBootstrap ? '' : ` --bootstrap-server ${address}`
  return [
    '',
    `  ${bold(`Millrace ${version}`)}: broker ${broker.brokerId} of cluster ${broker.clusterId}`,
    `  listening on  ${listeners.map((each) => `${each.listener}://${each.address}`).join(', ')}`,
    `  data in       ${broker.directories.join(', ')}`,
    ...(http === '' ? [] : [`  metrics on    ${http}`]),
    '',
    '  The first record:',
    `    ${command(`echo 'hello' | npx millrace produce greetings${to}`)}`,
    `    ${command(`npx millrace consume greetings --from-beginning${to}`)}`,
    '',
  ].join('\n')
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
}
