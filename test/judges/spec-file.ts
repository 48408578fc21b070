import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A Quadlet file and its drop-ins. `*` in names and texts stands for what tells the files of a batch apart. */
export interface SpecFile {
  readonly name: string
  readonly text: string
  readonly dropIns: readonly DropIn[]
}

export interface DropIn {
  readonly directory: string
  readonly name: string
  readonly text: string
}

/** Stands for a byte that is no UTF-8. */
export const brokenByte = '\udcff'

/** What the specs of a batch can name, by path in the root. */
export const rootFiles: Readonly<Record<string, string>> = {
  'usr/lib/os-release': `NAME=Lab
ID=lab
VERSION_ID="7.1"
VARIANT_ID='edge'
IMAGE_ID=base
IMAGE_VERSION=42
`,
  'usr/lib/systemd/libsystemd-shared-257.so': '',
  'etc/auth.json': '{}',
  'etc/a b.json': '{}',
  'etc/x$y%z.json': '{}',
  'usr/lib/auth.json': '{}',
  'usr/lib/keys/key.pem': '',
  'usr/lib/keys/passphrase': '',
  'usr/lib/images/app.tar': '',
  'usr/lib/images/oci/index.json': '{}',
  'usr/share/certs/ca.crt': '',
  'usr/share/module.conf': '[engine]\nretry = 2\n[containers]\ntz = "local"\n',
  'usr/share/engine.conf': '[engine]\nstatic_dir = "/x"\n',
  'etc/containers/containers.conf.modules/lab.conf': '',
}

const quadletDirectory = 'usr/share/containers/systemd'
const entryDirectory = 'usr/lib/bootc/bound-images.d'

/** Where the files of a batch are, and how they are called on both sides. */
export interface Batch {
  readonly root: string
  /** For Quadlet. */
  readonly directory: string
  readonly files: readonly {
    /** Below `directory`. */
    readonly path: string
    /** Below `root`. */
    readonly entry: string
  }[]
}

/**
 * Writes files into the root of a deployment, each with a link that binds it and in a directory of its
 * own: one that Quadlet cannot parse costs its whole directory.
 *
 * @param common drop-ins for all of them
 * @param more other files of the root
 */
export function writeBatch(
  root: string,
  files: readonly SpecFile[],
  common: readonly DropIn[] = [],
  more: Readonly<Record<string, string>> = {},
): Batch {
  const write = (path: string, text: string) => {
    const [first = Buffer.of(), ...rest] = text.split(brokenByte).map(part => Buffer.from(part))
    mkdirSync(dirname(join(root, path)), { recursive: true })
    const bytes = rest.reduce((all, part) => Buffer.concat([all, Buffer.of(0xff), part]), first)
    writeFileSync(join(root, path), bytes)
  }
  for (const [path, text] of Object.entries({ ...rootFiles, ...more })) write(path, text)
  mkdirSync(join(root, entryDirectory), { recursive: true })
  for (const { directory, name, text } of common)
    write(join(quadletDirectory, 'common', directory, name), text)

  const written = files.map(({ name, text, dropIns }, index) => {
    const unique = (template: string) => template.replaceAll('*', `f${index}`)
    const path = join(`${index}`, unique(name))
    write(join(quadletDirectory, path), unique(text))
    for (const dropIn of dropIns)
      write(
        join(quadletDirectory, `${index}`, unique(dropIn.directory), dropIn.name),
        unique(dropIn.text),
      )
    const entry = join(entryDirectory, `${index}-${unique(name)}`)
    symlinkSync(join('/', quadletDirectory, path), join(root, entry))
    return { path, entry }
  })
  return { root, directory: join(root, quadletDirectory), files: written }
}
