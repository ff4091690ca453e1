/** One setting of a properties file, with the line it starts on. */
export interface Property {
  readonly name: string
  readonly value: string
  readonly line: number
}

interface LogicalLine {
  readonly text: string
  readonly line: number
}

/** Reads Java's .properties syntax: comments, `=`, `:` or blanks between, continued lines, `\t \n \r \f \uXXXX`. */
export function parseProperties(text: string): readonly Property[] {
  return logicalLines(text).map(({ text: content, line }) => {
    const nameEnd = endOfName(content)
    const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(content.slice(nameEnd))?.[0] ?? ''
    return {
      name: unescape(content.slice(0, nameEnd)),
      value: unescape(content.slice(nameEnd + separator.length)),
      line,
    }
  })
}

function logicalLines(text: string): readonly LogicalLine[] {
  const result: LogicalLine[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  for (let i = 0; i < lines.length; i += 1) {
    let content = trimStart(lines[i] ?? '')
    const line = i + 1
    if (content === '' || content.startsWith('#') || content.startsWith('!')) continue
    while (isContinued(content) && i + 1 < lines.length) {
      i += 1
      content = content.slice(0, -1) + trimStart(lines[i] ?? '')
    }
    result.push({ text: isContinued(content) ? content.slice(0, -1) : content, line })
  }
  return result
}

const trimStart = (line: string): string => line.replace(/^[ \t\f]+/, '')

// An odd number of backslashes at the end; an even number is that many escaped ones.
const isContinued = (line: string): boolean => (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1

function endOfName(content: string): number {
  for (let i = 0; i < content.length; i += 1) {
    const char = content[i] ?? ''
    if (char === '\\') i += 1
    else if ('=: \t\f'.includes(char)) return i
  }
  return content.length
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_, hex: string | undefined, char: string | undefined) =>
    hex === undefined ? (escapes[char ?? ''] ?? char ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
