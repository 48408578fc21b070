import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a path of a tree shall be: text, a link, a file with a mode, or (`undefined`) not there. */
export type FileContent =
  | string
  | { readonly symlink: string }
  | { readonly contents: string | Buffer; readonly mode?: number }
  | undefined

/** Absolute path in the booted system -> content. */
export type Files = Readonly<Record<string, FileContent>>

/**
 * Where ostree keeps a path of the booted system in a commit: defaults of `/etc` are in
 * `/usr/etc`, and `/var` is no part of a commit.
 */
export const pathInCommit = (path: string): string => {
  const absolute = join('/', path)
  if (absolute.startsWith('/var/')) throw new Error(`${path} cannot be in a commit: /var is not`)
  return absolute.startsWith('/etc/') ? join('/usr', absolute) : absolute
}

/** Writes the files that are to be there below `dir`, as an ostree commit has them. */
export const writeFiles = (dir: string, files: Files): void => {
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue
    const file = join(dir, pathInCommit(path))
    mkdirSync(dirname(file), { recursive: true })
    if (typeof content === 'string') {
      writeFileSync(file, content)
    } else if ('symlink' in content) {
      symlinkSync(content.symlink, file)
    } else {
      writeFileSync(file, content.contents)
      // not at creation: the umask would take bits away
      chmodSync(file, content.mode ?? 0o644)
    }
  }
}

/** The paths that are not to be there, as an ostree commit has them. */
export const removedPaths = (files: Files): readonly string[] =>
  Object.entries(files).flatMap(([path, content]) =>
    content === undefined ? [pathInCommit(path)] : [],
  )
