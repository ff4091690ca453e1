// As many records as there may be outstanding, all the time.
import { recordsOf, type Load, type LoadClient, type Measured } from './load.ts'
import { Window } from './window.ts'

const perArray = 100

export async function produce(load: Load, client: LoadClient): Promise<Measured> {
  const producer = await client.producer(load)
  const records = recordsOf(load)
  const perCall = load.shape === 'array' ? perArray : 1
  let [answered, outstanding, next, stopped] = [0, 0, 0, false]
  let fail: (error: unknown) => void = () => undefined
  const failed = new Promise<never>((_, reject) => (fail = reject))
  const window = new Window({ ...load, count: () => answered })
  const message = () => producer.message(records[next++ % records.length] ?? { key: noBytes, value: noBytes })
  const one = () => [message()]
  const many = () => Array.from({ length: perCall }, message)
  const messages = perCall === 1 ? one : many
  const pump = (): void => {
    if (stopped) return
    while (outstanding + perCall <= load.outstanding) {
      outstanding += perCall
      producer.send(messages(), done, fail)
    }
  }
  const done = (count: number): void => {
    answered += count
    outstanding -= count
    pump()
  }
  pump()
  await Promise.race([window.closed, failed])
  const measured = window.measured()
  stopped = true
  await producer.close()
  return measured
}

const noBytes = Buffer.alloc(0)
