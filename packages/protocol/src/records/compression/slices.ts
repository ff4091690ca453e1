/** Decompresses block after block; yields how many bytes it has worked through so far. */
export type Unpacking = Generator<number, Uint8Array, undefined>

export function inOneGo(unpacking: Unpacking): Uint8Array {
  for (;;) {
    const step = unpacking.next()
    if (step.done === true) return step.value
  }
}

// About two milliseconds of it.
const sliceBytes = 512 * 1024

let last: Promise<unknown> = Promise.resolve()

/** Lets the event loop turn between slices. One at a time: of several each would take a slice of every turn. */
export function inSlices(unpacking: Unpacking): Promise<Uint8Array> {
  const unpacked = last.then(() => slices(unpacking))
  last = unpacked.catch(() => {})
  return unpacked
}

async function slices(unpacking: Unpacking): Promise<Uint8Array> {
  let pauseAtBytes = sliceBytes
  for (;;) {
    const step = unpacking.next()
    if (step.done === true) return step.value
    if (step.value < pauseAtBytes) continue
    pauseAtBytes = step.value + sliceBytes
    await new Promise((resolve) => setImmediate(resolve))
  }
}
