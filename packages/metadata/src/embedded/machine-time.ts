/** Monotonic milliseconds that every process of the machine reads alike, which performance.now() isn't. */
export const machineMonotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n)
