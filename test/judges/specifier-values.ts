/** systemd's architecture names for those of uname(2) (src/basic/architecture.c). */
const architectures: Readonly<Record<string, string>> = { x64: 'x86-64', arm64: 'arm64' }

/**
 * What specifiers stand for in a service of the root that `rootFiles` describes (systemd.unit(5),
 * "Specifiers"). What only a booted system knows is left out.
 */
export function specifierValues(unit: string): Readonly<Record<string, string | undefined>> {
  const name = unit.replace(/\.service$/u, '')
  const prefix = name.replace(/@.*$/su, '')
  const instance = name.slice(prefix.length + 1)
  const last = prefix.replace(/^.*-/su, '')
  // prettier-ignore
  return {
    E: '/etc', C: '/var/cache', L: '/var/log', S: '/var/lib', t: '/run', T: '/tmp', V: '/var/tmp', D: '/usr/share',
    h: '/root', u: 'root', g: 'root', U: '0', G: '0', a: architectures[process.arch],
    o: 'lab', w: '7.1', W: 'edge', B: '', M: 'base', A: '42',
    n: unit, N: name, p: prefix, P: unescape(prefix), i: instance, I: unescape(instance), j: last, J: unescape(last),
    f: `/${unescape(name.includes('@') ? instance : prefix)}`.replace(/^\/\//u, '/'),
  }
}

function unescape(name: string): string {
  return name
    .replaceAll('-', '/')
    .replaceAll(/\\x(..)/gu, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}
