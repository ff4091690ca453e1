interface Requirement {
  readonly name: string
  readonly holds: (value: number) => boolean
  readonly message: string
}

// What Kafka checks beyond the bounds that the tables have.
const requirements: readonly Requirement[] = [
  {
    name: 'log.retention.ms',
    holds: (value) => value === -1 || value >= 1,
    message: 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1',
  },
  { name: 'log.roll.ms', holds: (value) => value >= 1, message: 'log.roll.ms must be greater than or equal to 1' },
  {
    name: 'log.roll.jitter.ms',
    holds: (value) => value >= 0,
    message: 'log.roll.jitter.ms must be greater than or equal to 0',
  },
]

/** What is required of a value that is set and isn't met; null where all is. */
export function valueRequirement(textOf: (name: string) => string | undefined): string | null {
  const unmet = requirements.find(({ name, holds }) => {
    const text = textOf(name)
    return text !== undefined && !holds(Number(text))
  })
  return unmet?.message ?? null
}
