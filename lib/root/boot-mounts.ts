import { readRegularFile } from '../read-regular-file.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { DeploymentFiles } from './deployment-files.ts'

const maxBytes = 1024 * 1024

/** systemd.unit(5), without generators. The first directory that has a unit counts. */
const unitDirectories = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
] as const

/**
 * The directories at which a deployment mounts a file system when it boots, as fstab(5) and enabled mount units say.
 *
 * @param isWanted says which directories matter
 */
export function bootMounts(
  files: DeploymentFiles,
  isWanted: (directory: string) => boolean,
): ReadonlySet<string> {
  return new Set([...fstabMounts(files), ...unitMounts(files, isWanted)].filter(isWanted))
}

function fstabMounts(files: DeploymentFiles): readonly string[] {
  const location = files.find('/etc/fstab', 'file')
  const text = location && unlessMissing(() => readRegularFile(location, maxBytes).toString())
  return (text ?? '').split('\n').flatMap(line => {
    const [what = '#', where = '', , options = ''] = line.trim().split(/[ \t]+/u)
    const isLeftOut = options.split(',').includes('noauto')
    return what.startsWith('#') || !where.startsWith('/') || isLeftOut ? [] : [unescapeOctal(where)]
  })
}

function unitMounts(
  files: DeploymentFiles,
  isWanted: (directory: string) => boolean,
): readonly string[] {
  const all = unitDirectories.map(path => ({ path, names: namesIn(files, path) }))
  const enabled = new Set(
    all.flatMap(({ path, names }) =>
      names
        .filter(name => /\.(?:wants|requires)$/u.test(name))
        .flatMap(name => namesIn(files, `${path}/${name}`)),
    ),
  )
  const paths = new Map(
    all.toReversed().flatMap(({ path, names }) => names.map(name => [name, `${path}/${name}`])),
  )
  return [...paths].flatMap(([unit, path]) => {
    const [, escaped] = /^(.+)\.(?:auto)?mount$/u.exec(unit) ?? []
    if (escaped === undefined || !enabled.has(unit)) return []
    const where = unescapePath(escaped)
    // A link to /dev/null masks it.
    return isWanted(where) && files.find(path, 'file') !== undefined ? [where] : []
  })
}

/** None for a link that leads nowhere, as for systemd. */
function namesIn(files: DeploymentFiles, path: string): readonly string[] {
  return files.find(path, 'directory') === undefined ? [] : files.names(path).map(String)
}

/** systemd-escape(1), `--path --unescape` */
function unescapePath(name: string): string {
  const path = name.replaceAll('-', '/')
  const text = path.replaceAll(/\\x([0-9a-f]{2})/gu, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  )
  return `/${text}`
}

/** getmntent(3) */
function unescapeOctal(text: string): string {
  const path = text.replaceAll(/\\([0-7]{3})/gu, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  )
  return path.replace(/(.)\/+$/u, '$1')
}
