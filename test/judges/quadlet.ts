import { execa } from 'execa'

/** What Quadlet makes of one file. */
export interface QuadletService {
  /** Name of the unit. */
  readonly unit: string
  readonly text: string
}

export interface QuadletOutput {
  /** Path of the file, below the directory -> its service. */
  readonly services: ReadonlyMap<string, QuadletService>
  /** What Quadlet says about the others. */
  readonly log: string
}

/** The Quadlet of one podman, started in a root file system that has it. */
export class Quadlet {
  readonly #rootfs: string
  /** Of podman. */
  readonly version: readonly [major: number, minor: number, patch: number]

  private constructor(rootfs: string, version: Quadlet['version']) {
    this.#rootfs = rootfs
    this.version = version
  }

  static async in(rootfs: string): Promise<Quadlet> {
    const { stdout } = await execa('chroot', [rootfs, program, '-version'])
    const [major = 0, minor = 0, patch = 0] = stdout.split('.').map(Number)
    return new Quadlet(rootfs, [major, minor, patch])
  }

  /** @param podman the program that the services shall start */
  async read(directory: string, podman = '/usr/bin/podman'): Promise<QuadletOutput> {
    const { stdout, stderr } = await execa(
      'unshare',
      ['--mount', 'sh', '-euc', run, directory, this.#rootfs, podman, program],
      { reject: false, stripFinalNewline: false },
    )
    const [log = '', ...units] = `\n${stdout}`.split(/\n---([^\n]*)---\n/u)
    const services = new Map<string, QuadletService>()
    for (let index = 0; index < units.length; index += 2) {
      const [unit = '', text = ''] = units.slice(index)
      const source = text.split('\n').find(line => line.startsWith(sourcePath)) ?? ''
      services.set(source.slice(sourcePath.length), { unit, text })
    }
    return { services, log: `${log}${stderr}` }
  }
}

const sourcePath = 'SourcePath=/mnt/'

const program = '/usr/libexec/podman/quadlet'

/** The mount goes with the namespace. */
const run = `
  mount --bind "$0" "$1/mnt"
  exec chroot "$1" env -i QUADLET_UNIT_DIRS=/mnt "PODMAN=$2" "$3" -dryrun -no-kmsg-log
`
