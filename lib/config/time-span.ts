/** Units in microseconds (systemd: src/basic/time-util.c, extract_multiplier). */
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

const anyUnit = [...units.keys()].toSorted((a, b) => b.length - a.length).join('|')

/** A number with a unit, or a number before a blank or the end. */
const part = new RegExp(
  String.raw`[ \t]*(?:\+?(?<whole>\d+)(?:\.(?<decimals>\d+))?|\.(?<only>\d+))` +
    String.raw`(?:[ \t]*(?<unit>${anyUnit})[ \t]*|[ \t]+|$)`,
  'uy',
)

/**
 * Parses a time span as systemd does (systemd.time(7); src/basic/time-util.c, parse_time): `90`, `1min 30s`,
 * `1.5h`. A number without a unit is in seconds.
 *
 * @returns microseconds, exact up to 285 years; undefined for an invalid time span and for `infinity`
 */
export function parseTimeSpan(text: string): number | undefined {
  let sum = 0
  part.lastIndex = 0
  do {
    const groups = part.exec(text)?.groups
    if (groups === undefined) return undefined
    const microseconds = Number(units.get(groups['unit'] ?? 's'))
    sum += Number(groups['whole'] ?? 0) * microseconds
    sum += fraction(groups['decimals'] ?? groups['only'] ?? '', microseconds)
  } while (part.lastIndex < text.length)
  return sum
}

/** Computes digit by digit in whole microseconds, as systemd rounds. */
function fraction(decimals: string, microseconds: number): number {
  let [sum, worth] = [0, microseconds]
  for (const digit of decimals) {
    worth = Math.floor(worth / 10)
    sum += Number(digit) * worth
  }
  return sum
}

/** Formats whole seconds as a time span that parses to the same value: `1h 30min`, `0`. */
export function formatTimeSpan(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const text = parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count}${unit}`])).join(' ')
  return text === '' ? '0' : text
}
