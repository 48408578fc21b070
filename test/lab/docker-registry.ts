import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { inRootfs, rootfsArgs, runInRootfs, startContainer } from './nspawn.ts'
import type { WorkArea } from './work-area.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** Starts Debian's docker-registry on loopback and resolves to its port. It runs until the lab ends. */
export const startDockerRegistry = async (
  area: WorkArea,
  name: string,
  credentials: Credentials | undefined,
): Promise<number> => {
  const dir = join(area.dir, name)
  const inside = inRootfs(area, dir)
  mkdirSync(join(dir, 'data'), { recursive: true })
  writeFileSync(join(dir, 'config.yml'), config(inside, credentials !== undefined))
  if (credentials) {
    writeFileSync(join(dir, 'htpasswd'), `${await htpasswdLine(area, credentials)}\n`)
  }
  const container = startContainer(area.cgroup(name), [
    ...rootfsArgs(area),
    `--machine=lab-${process.pid}-${name}`,
    'docker-registry',
    'serve',
    `${inside}/config.yml`,
  ])
  return Promise.race([
    portInLog(container.all),
    container.then(({ all }) => {
      throw new Error(`docker-registry ended:\n${all}`)
    }),
  ])
}

/** It asks the kernel for any free port and says in its log which it got. */
const portInLog = (log: Readable): Promise<number> =>
  new Promise(resolve => {
    createInterface(log).on('line', line => {
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })

const config = (dir: string, authenticated: boolean): string => `
version: 0.1
log: { accesslog: { disabled: true }, level: info }
storage:
  filesystem: { rootdirectory: ${dir}/data }
  delete: { enabled: true }
http: { addr: '127.0.0.1:0', relativeurls: true }
${authenticated ? `auth: { htpasswd: { realm: lab, path: ${dir}/htpasswd } }` : ''}
`

/** docker-registry knows bcrypt only, and the C library of Debian, by way of perl, can hash so. */
const htpasswdLine = async (area: WorkArea, { user, password }: Credentials): Promise<string> => {
  const hash = await runInRootfs(area, [
    'perl',
    '-e',
    'print crypt($ARGV[0], q($2y$05$abcdefghijklmnopqrstuu))',
    password,
  ])
  return `${user}:${hash}`
}
