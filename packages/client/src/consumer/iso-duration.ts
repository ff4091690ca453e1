const pattern = /^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?$/

/** Milliseconds of a duration as Java's `Duration.parse` takes it (`P7D`, `PT1H30M`, `PT0.5S`); undefined for others. */
export function parseDuration(text: string): number | undefined {
  const match = pattern.exec(text.toUpperCase())
  if (match === null || /[PT]$/.test(text.toUpperCase())) return undefined
  const [, minus, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = match
  const wholeSeconds = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)
  const ms = wholeSeconds * 1_000 + Number(`0.${fraction}`) * 1_000
  return minus === undefined ? ms : -ms
}
