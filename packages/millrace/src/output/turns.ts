// Long enough to get on with the work, short enough for Ctrl-C and for a line of progress.
const sliceMs = 50

/** For long work that is done in this thread: lets signals, timers and streams have their turn every so often. */
export function turns(): { pause(): Promise<void> | undefined } {
  let startedMs = performance.now()
  return {
    pause: () => {
      if (performance.now() - startedMs < sliceMs) return undefined
      return new Promise((resolve) => {
        setImmediate(() => {
          startedMs = performance.now()
          resolve()
        })
      })
    },
  }
}
