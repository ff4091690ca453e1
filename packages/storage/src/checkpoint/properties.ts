/** The little of Java's properties format that Kafka writes: `name=value` lines, `#` and `!` comments, `\` escapes. */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]?\s*(.*?)\s*$/.exec(line)
    if (match?.[1] !== undefined) properties.set(match[1], (match[2] ?? '').replaceAll(/\\(.)/g, '$1'))
  }
  return properties
}

export function formatProperties(properties: ReadonlyMap<string, string>): string {
  return [...properties].map(([name, value]) => `${name}=${value}\n`).join('')
}
