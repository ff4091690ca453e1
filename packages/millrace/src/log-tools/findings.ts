import type { Finding, FindingLevel } from '@millrace/storage'
import { counted } from '../output/counted.ts'
import type { Column, Row } from '../output/print.ts'
import { tableText } from '../output/print.ts'
import { styled } from '../output/style.ts'
import type { Terminal } from '../terminal.ts'

const columns: readonly Column[] = [
  { name: 'level' },
  { name: 'file' },
  { name: 'position', title: 'BYTE', align: 'right' },
  { name: 'offset', align: 'right' },
]

/** A finding as an object of JSON. */
export const findingRow = (finding: Finding): Row => ({ ...finding })

/** A path as it is seen from the directory that was named. */
export const within = (directory: string, path: string): string =>
  path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path

const colors = { damage: 'red', mends: 'yellow', note: 'gray' } as const

/** Two lines for each finding: where it is, and what is wrong there. */
export function findingsText(terminal: Terminal, findings: readonly Finding[], directory: string): string {
  const file = ({ path }: Finding): string =>
    path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path
  const rows = findings.map((finding): Row => ({ ...finding, file: file(finding) }))
  const [heading = '', ...lines] = tableText(columns, rows).split('\n')
  const shown = lines.flatMap((line, slot) => {
    const finding = findings[slot]
    if (finding === undefined) return [line]
    const level = styled(terminal, 'stdout', colors[finding.level], finding.level)
    const problem = `        expected ${finding.expected}, got ${finding.got}`
    return [line.replace(finding.level, () => level), styled(terminal, 'stdout', 'dim', problem)]
  })
  return `${[styled(terminal, 'stdout', 'bold', heading), ...shown].join('\n')}\n`
}

/** How many there are of each level, in words. */
export function levelsText(findings: readonly Finding[]): string {
  const count = (level: FindingLevel): number => findings.filter((finding) => finding.level === level).length
  if (findings.length === 0) return 'all is whole'
  const parts = [
    [count('damage'), `${counted(count('damage'), 'place')} of damage`],
    [count('mends'), `${count('mends').toLocaleString('en-US')} that the next start mends`],
    [count('note'), counted(count('note'), 'note')],
  ] as const
  return parts.flatMap(([number, text]) => (number === 0 ? [] : text)).join(', ')
}

/** 0 where nothing needs doing, 3 where the next start of a broker mends it, 4 where a repair must. */
export function exitCodeOf(findings: readonly Finding[]): number {
  if (findings.some(({ level }) => level === 'damage')) return 4
  return findings.some(({ level }) => level === 'mends') ? 3 : 0
}
