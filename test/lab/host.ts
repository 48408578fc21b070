import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { backend } from './backend.ts'
import type { Files } from './files.ts'
import { isBundled } from './install-product.ts'
import { type Container, ownName, startContainer } from './nspawn.ts'
import type { BootEntry } from './sysroot.ts'
import type { WorkArea } from './work-area.ts'

export interface BootOptions {
  /** Makes every call of node fail in this boot, as on a host whose node is broken. */
  readonly withoutNode?: boolean
  /** An /etc of this boot alone, as `etc.transient` of ostree makes it. */
  readonly hasTransientEtc?: boolean
  /** More files and directories for this boot, as `SOURCE[:TARGET[:OPTIONS]]`. */
  readonly binds?: readonly string[]
  /** Boot is done when this unit is active; without it, when no job is left in systemd's queue. */
  readonly until?: string
  /** Milliseconds; 120 000 by default. */
  readonly timeoutMs?: number
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface Running {
  readonly container: Container
  /** Directory of its control group. */
  readonly cgroup: string
  readonly entry: BootEntry
  /** PID of the host's systemd, seen from outside. */
  readonly init: number
}

/** SIGRTMIN+4 asks systemd for poweroff.target (systemd(1)); Node knows no name for it. */
const POWER_OFF = 38

/** A real image-based host: systemd is PID 1, and the boot entry says which deployment is booted. */
export class Host {
  readonly name: string
  /** The sysroot's path outside of the host. */
  readonly sysroot: string
  readonly #area: WorkArea
  readonly #binds: readonly string[]
  #boots = 0
  #running: Running | undefined

  /** For a sysroot with at least one deployment. Call `boot()` next. */
  constructor(area: WorkArea, name: string, sysroot: string, binds: readonly string[] = []) {
    this.#area = area
    this.#binds = binds
    this.name = name
    this.sysroot = sysroot
  }

  /** Boots what the boot entry says, and waits until systemd has finished. Throws with the console. */
  async boot(options: BootOptions = {}): Promise<void> {
    if (this.#running !== undefined) throw new Error(`${this.name} is already booted`)
    const [entry] = backend.readBootEntries(this.sysroot)
    if (entry === undefined) throw new Error(`no boot entries in ${this.sysroot}`)
    const steps = backend.bootSteps(this.#area, this.sysroot, entry)
    const id = `${this.name}-${++this.#boots}`
    const cgroup = this.#area.cgroup(id)
    const args = [
      '--console=pipe',
      '--resolv-conf=off',
      '--timezone=off',
      '--link-journal=no',
      ownName(), // the host calls itself as it likes
      '--hostname=lab',
      `--network-namespace-path=/proc/${process.pid}/ns/net`,
      // IPAccounting= of systemd counts with programs in the kernel; crun makes a keyring for each container
      '--capability=CAP_BPF,CAP_NET_ADMIN,CAP_PERFMON',
      '--system-call-filter=bpf @keyring',
      ...steps.mounts,
      `--bind-ro=${this.#cmdline(entry)}:/run/lab/cmdline`,
      ...(options.withoutNode && !isBundled
        ? [`--bind-ro=${this.#emptyFile()}:/usr/bin/node`]
        : []),
      ...[...this.#binds, ...(options.binds ?? [])].map(bind => `--bind=${bind}`),
      '/bin/sh',
      '-euc',
      [
        options.hasTransientEtc ? transientEtc(backend.shippedEtc) : '',
        steps.inside,
        startSystemd,
      ].join('\n'),
    ]
    await execa('sh', ['-euc', steps.before])
    const container = startContainer(cgroup, args)
    try {
      const init = await waitForBoot(container, options)
      this.#running = { container, cgroup, entry, init }
    } catch (cause) {
      container.kill('SIGKILL')
      const { all } = await container
      throw new Error(`booting ${id}, its console:\n${all.slice(-4000)}`, { cause })
    } finally {
      await execa('sh', ['-euc', steps.after])
    }
  }

  /** Powers off cleanly and waits for the end; throws after `timeoutMs` (180 000). */
  async shutdown({ timeoutMs = 180_000 } = {}): Promise<void> {
    this.askToPowerOff()
    await this.untilOff({ timeoutMs })
  }

  /** Asks for a clean shutdown and does not wait for it. */
  askToPowerOff(): void {
    process.kill(this.#booted().init, POWER_OFF)
  }

  /** Whether it is booted and has not ended by itself meanwhile. */
  get isOn(): boolean {
    return this.#running !== undefined && isRunning(this.#running.container)
  }

  /** Waits for a shutdown that was asked for inside. A reboot ends there as well. */
  async untilOff({ timeoutMs = 180_000 } = {}): Promise<void> {
    const { container } = this.#booted()
    const timeout = new AbortController()
    const off = await Promise.race([
      container.then(() => true),
      sleep(timeoutMs, false, { signal: timeout.signal }),
    ])
    if (!off) throw new Error(`${this.name} is still on after ${timeoutMs} ms`)
    timeout.abort()
    this.#running = undefined
  }

  /** Waits until a soft reboot that was asked for inside has happened, and systemd has finished booting. */
  async untilSoftRebooted({ timeoutMs = 120_000 } = {}): Promise<void> {
    const deadline = Date.now() + timeoutMs
    const ask = 'systemctl show -P SoftRebootsCount; systemctl is-system-running'
    for (let answer = ''; !/^1\n(?:running|degraded)$/.test(answer); await sleep(100)) {
      if (Date.now() > deadline) throw new Error(`${this.name} has not soft-rebooted: ${answer}`)
      // systemd does not answer those who ask while it starts anew.
      answer = await this.run(ask, { timeoutMs: 10_000 }).then(
        ({ stdout }) => stdout,
        error => String(error),
      )
    }
  }

  /** Pulls the plug: no process gets to say goodbye. (What was written stays, in this machine's cache.) */
  async kill(): Promise<void> {
    if (this.#running === undefined) return
    const { container, cgroup, init } = this.#running
    if (this.isOn) unlessGone(false, () => process.kill(init, 'SIGKILL'))
    // systemd-nspawn itself may be frozen, and would not notice
    writeFileSync(join(cgroup, 'cgroup.freeze'), '0')
    await container
    this.#running = undefined
  }

  /** Stops every process where it is, the kernel's own excepted. The only way out is `kill()`. */
  async freeze(): Promise<void> {
    const { cgroup } = this.#booted()
    writeFileSync(join(cgroup, 'cgroup.freeze'), '1')
    while (!/^frozen 1$/m.test(readFileSync(join(cgroup, 'cgroup.events'), 'utf8'))) await sleep(1)
  }

  /**
   * Kills the processes whose command line matches; false when there are none. From outside, because what
   * `run` starts in a host that is shutting down may get in the way of that.
   */
  killProcesses(command: RegExp): boolean {
    return processesIn(this.#booted().cgroup)
      .filter(pid => command.test(commandLine(pid)))
      .map(pid => unlessGone(false, () => process.kill(pid, 'SIGKILL')))
      .some(Boolean)
  }

  /**
   * Runs a bash script inside. A non-zero exit is a result; it throws if the script is
   * killed, as by `timeoutMs` (120 000) or by a shutdown.
   * What it leaves running in the background must not hold its output.
   */
  async run(script: string, { timeoutMs = 120_000 } = {}): Promise<CommandResult> {
    const child = enter(this.#booted().init, ['/bin/bash', '-c', script])
    const timeout = AbortSignal.timeout(timeoutMs)
    // the group: nsenter waits outside for what it started inside
    const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL')
    timeout.addEventListener('abort', end)
    const { exitCode, stdout, stderr, signal } = await child
    timeout.removeEventListener('abort', end)
    if (exitCode === undefined) {
      const reason = timeout.aborted ? `no end after ${timeoutMs} ms` : `ended by ${signal}`
      throw new Error(`${this.name}: ${reason}: ${script}\n${stdout}\n${stderr}`)
    }
    return { exitCode, stdout, stderr }
  }

  /** Commits `version`: `base` (v1) with `files` over it. */
  async commit(version: string, files: Files, { base = 'v1' } = {}): Promise<void> {
    await backend.commit(this.#area, this.sysroot, { version, base, files })
  }

  /** Stages a committed version from inside, as an update tool does. Throws with its output. */
  async stage(version: string): Promise<CommandResult> {
    const result = await this.run(backend.stageCommand(version))
    if (result.exitCode !== 0) {
      throw new Error(`staging ${version}: ${result.stdout}\n${result.stderr}`)
    }
    return result
  }

  /** Makes the deployment that is not booted the default. */
  async rollback(): Promise<void> {
    await backend.rollback(this)
  }

  /** The version that is booted, by the origin of its deployment. */
  bootedVersion(): string {
    return this.#booted().entry.version
  }

  /** The versions that can be booted, the one that the next boot takes first. */
  bootableVersions(): readonly string[] {
    return backend.readBootEntries(this.sysroot).map(({ version }) => version)
  }

  /** The directory of its /var, outside of the host. */
  get var(): string {
    return backend.varOf(this.sysroot)
  }

  #booted(): Running {
    if (this.#running === undefined) throw new Error(`${this.name} is not booted`)
    return this.#running
  }

  /** A file with the kernel command line. */
  #cmdline({ options }: BootEntry): string {
    const file = join(this.#area.dir, `${this.name}.cmdline`)
    writeFileSync(file, `${options}\n`)
    return file
  }

  #emptyFile(): string {
    const file = join(this.#area.dir, 'empty')
    writeFileSync(file, '')
    return file
  }
}

/**
 * What the kernel leaves behind for systemd. skip-sync, for an ostree that heeds it: finalization would
 * otherwise freeze the disk that all hosts of a lab share. And no caches anew at each first boot, for the time it takes.
 */
const startSystemd = `
  mount --bind /run/lab/cmdline /proc/cmdline
  exec /usr/lib/systemd/systemd $(cat /run/lab/cmdline) systemd.setenv=OSTREE_SYSROOT_OPTS=skip-sync systemd.condition_needs_update=no
`

/** As the initramfs does it (ostree: src/switchroot/ostree-prepare-root.c; bootc: crates/initramfs/src/lib.rs). */
const transientEtc = (shipped: string) => `
  mkdir -p /run/transient-etc/root /run/transient-etc/upper /run/transient-etc/work
  mount --bind --make-private / /run/transient-etc/root
  mount -t overlay overlay /etc -o lowerdir=/run/transient-etc/root${shipped},upperdir=/run/transient-etc/upper,workdir=/run/transient-etc/work
  umount --lazy /run/transient-etc/root
`

const isRunning = ({ nodeChildProcess: { exitCode, signalCode } }: Container): boolean =>
  exitCode === null && signalCode === null

/** Resolves to the PID of the host's systemd, once that has finished booting. */
const waitForBoot = async (
  container: Container,
  { until, timeoutMs = 120_000 }: BootOptions,
): Promise<number> => {
  const ask = until === undefined ? ['is-system-running', '--wait'] : ['is-active', until]
  const deadline = Date.now() + timeoutMs
  let state = 'nothing'
  while (isRunning(container)) {
    const init = findInit(container.pid)
    if (init !== undefined) {
      state = (await enter(init, ['timeout', `${timeoutMs / 1000}`, 'systemctl', ...ask])).stdout
      if (['running', 'degraded', 'active'].includes(state)) return init
    }
    if (Date.now() > deadline)
      throw new Error(`not up after ${timeoutMs} ms, ${ask.join(' ')} says ${state}`)
    await sleep(50)
  }
  throw new Error('it ended while booting')
}

/** Of a control group and all below it. */
const processesIn = (cgroup: string): readonly number[] =>
  unlessGone([], () => {
    const own = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)
    const inner = readdirSync(cgroup, { withFileTypes: true }).filter(entry => entry.isDirectory())
    return [...own.map(Number), ...inner.flatMap(({ name }) => processesIn(join(cgroup, name)))]
  })

const commandLine = (pid: number): string =>
  unlessGone('', () => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))

/** systemd-nspawn's child that is PID 1 of a namespace of its own. */
const findInit = (nspawn: number | undefined): number | undefined =>
  unlessGone(undefined, () =>
    readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8')
      .split(' ')
      .filter(pid => pid !== '')
      .map(Number)
      .find(pid => /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))),
  )

/** What is seen of a process or control group, or `gone` when it ended between two looks. */
const unlessGone = <T>(gone: T, look: () => T): T => {
  try {
    return look()
  } catch (error) {
    const code = error instanceof Error && 'code' in error && error.code
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENODEV') return gone
    throw error
  }
}

/** The environment of a command inside. Set there: tap adds NODE_OPTIONS to what it sees started. */
const environment = [
  'env',
  '--ignore-environment',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C.UTF-8',
] as const

/** Runs a command in all namespaces of a booted host, with an environment of its own. */
const enter = (init: number, command: readonly string[]) =>
  // --root: where this itself runs in a chroot, the root of the mount namespace is not that of the host.
  execa(
    'nsenter',
    [`--target=${init}`, '--all', '--root', '--wd', '--', ...environment, ...command],
    {
      detached: true,
      cleanup: false,
      reject: false,
      stdin: 'ignore',
    },
  )
