/** In microseconds (systemd: src/basic/time-util.c, extract_multiplier). */
const units = new Map<string, number>([
  ...names(1, 'usec', 'us', 'μs', 'µs'),
  ...names(1e3, 'msec', 'ms'),
  ...names(1e6, 'seconds', 'second', 'sec', 's'),
  ...names(60e6, 'minutes', 'minute', 'min', 'm'),
  ...names(3600e6, 'hours', 'hour', 'hr', 'h'),
  ...names(86_400e6, 'days', 'day', 'd'),
  ...names(604_800e6, 'weeks', 'week', 'w'),
  ...names(2_629_800e6, 'months', 'month', 'M'),
  ...names(31_557_600e6, 'years', 'year', 'y'),
])

function names(microseconds: number, ...names: readonly string[]): [string, number][] {
  return names.map(name => [name, microseconds])
}

/** A number with its unit, or before a blank or the end. */
const part = new RegExp(
  String.raw`[ \t]*(?:\+?(?<whole>\d+)(?:\.(?<decimals>\d+))?|\.(?<only>\d+))` +
    String.raw`(?:[ \t]*(?<unit>${[...units.keys()].toSorted((a, b) => b.length - a.length).join('|')})|(?=[ \t])|$)`,
  'uy',
)

/**
 * Reads a time span as systemd does (systemd.time(7); src/basic/time-util.c, parse_time): `90`,
 * `1min 30s`, `1.5h`; a number without a unit is in seconds.
 *
 * @returns microseconds, exact up to 285 years; undefined for what is no time span, and for `infinity`
 */
export function parseTimeSpan(text: string): number | undefined {
  const trimmed = text.replace(/^[ \t]+/u, '').trimEnd()
  let sum = 0
  part.lastIndex = 0
  do {
    const groups = part.exec(trimmed)?.groups
    if (groups === undefined) return undefined
    const microseconds = units.get(groups['unit'] ?? 's') ?? 0
    sum += Number(groups['whole'] ?? 0) * microseconds
    sum += fraction(groups['decimals'] ?? groups['only'] ?? '', microseconds)
  } while (part.lastIndex < trimmed.length)
  return sum
}

/** Digit by digit in whole microseconds, as systemd rounds. */
function fraction(decimals: string, microseconds: number): number {
  let [sum, worth] = [0, microseconds]
  for (const digit of decimals) {
    worth = Math.floor(worth / 10)
    sum += Number(digit) * worth
  }
  return sum
}

/** Writes whole seconds as a time span that reads as the same: `1h 30min`, `0`. */
export function formatTimeSpan(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const text = parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count}${unit}`])).join(' ')
  return text === '' ? '0' : text
}
