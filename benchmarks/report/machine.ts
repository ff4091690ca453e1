import { cpus, release, totalmem } from 'node:os'

/** What a table says of the machine it was made on. */
export function machine(): string {
  const [cpu, ...others] = cpus()
  const memoryGb = Math.round(totalmem() / 1024 ** 3)
  return `${others.length + 1} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${memoryGb} GiB, Linux ${release()}, Node ${process.version}`
}
