/** Where a worker's code lies: beside `from`, as .ts in a checkout and as .js in what npm installed. */
export const workerUrl = (name: string, from: string): URL =>
  new URL(`${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from)

/** What a worker that imports other packages is started with: in a checkout they are found as sources too. */
export const workerArguments = (from: string): string[] => (from.endsWith('.ts') ? ['-C', 'millrace-source'] : [])
