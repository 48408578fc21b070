import type { Fault } from '../text/fault.ts'

/** What Go calls white space (strings.TrimSpace). */
const space = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const ends = new RegExp(`^${space}+|${space}+$`, 'gu')

/**
 * The first line that Quadlet itself cannot parse (podman: pkg/systemd/parser/unitfile.go, Parse). `parseUnitFile` has
 * more faults: those where systemd reads something else. Here they do not matter.
 *
 * @returns undefined if Quadlet can parse the file
 */
export function quadletError(text: string): Fault | undefined {
  let inSection = false
  let pending: { readonly text: string; readonly line: number } | undefined
  const physical = text.replace(/\n$/u, '').split('\n')
  for (const [index, each] of physical.entries()) {
    const content = each.replaceAll(ends, '')
    if (content === '' || /^[#;]/u.test(content)) continue
    const joined: string = `${pending?.text ?? ''}${content}`
    const line = pending?.line ?? index + 1
    const isContinued = joined.endsWith('\\')
    pending = isContinued ? { text: joined.slice(0, -1), line } : undefined
    // On the very last line, Quadlet drops the backslash and parses what is before it.
    if (isContinued && index < physical.length - 1) continue
    const complete = isContinued ? joined.slice(0, -1) : joined
    if (complete === '') continue
    const [, section] = /^\[([^\]]*)\][ \t]*$/u.exec(complete) ?? []
    if (section !== undefined && /^[^[\p{Cc}]+$/u.test(section)) inSection = true
    else if (section !== undefined || complete.indexOf('=') <= 0)
      return { line, reason: 'this is neither a section, a comment nor Key=value' }
    else if (!inSection) return { line, reason: 'assignment outside of any section' }
  }
  return undefined
}
