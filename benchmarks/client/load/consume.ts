// Reads from the first record on; time counts from there, so the start of the group isn't in it.
import type { Load, LoadClient, Measured } from './load.ts'
import { Window } from './window.ts'

export async function consume(load: Load, client: LoadClient): Promise<Measured> {
  let [records, bytes] = [0, 0]
  let window: Window | undefined
  let began: () => void = () => undefined
  const begun = new Promise<void>((resolve) => (began = resolve))
  const end = await client.consume(load, (more, moreBytes) => {
    records += more
    bytes += moreBytes
    if (window === undefined) {
      window = new Window({ ...load, count: () => records })
      began()
    }
    if (records >= load.records) window.close()
  })
  await begun
  await window?.closed
  const measured = window?.measured()
  if (measured === undefined) throw new Error('nothing was measured')
  if (bytes !== records * load.recordBytes) throw new Error(`${records} records have ${bytes} bytes`)
  await end()
  return measured
}
