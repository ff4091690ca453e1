const tries = 3

async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** The least CPU time of several tries, in milliseconds: what else the machine does doesn't count. */
export async function leastCpuMs(work: () => unknown): Promise<number> {
  let least = Infinity
  for (let i = 0; i < tries; i += 1) least = Math.min(least, await cpuMs(work))
  return least
}

/** How many times as much CPU time `work` takes when what it works on is `factor` times as large. */
export async function growth(
  work: (size: number) => unknown,
  { size, factor }: { readonly size: number; readonly factor: number },
): Promise<number> {
  await work(size)
  const small = await leastCpuMs(() => work(size))
  return (await leastCpuMs(() => work(size * factor))) / small
}
