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

/**
 * Starts Debian's docker-registry on loopback and resolves to its port. It runs until the lab ends.
 * With users, it serves nobody else.
 *
 * @param origin address of the registry of which it is to be a pull-through cache
 */
export const startDockerRegistry = async (
  area: WorkArea,
  name: string,
  users: readonly Credentials[],
  origin?: string,
): Promise<number> => {
  const dir = join(area.dir, name)
  const inside = inRootfs(area, dir)
  mkdirSync(join(dir, 'data'), { recursive: true })
  writeFileSync(join(dir, 'config.yml'), config(inside, users.length > 0, origin))
  if (users.length > 0) writeFileSync(join(dir, 'htpasswd'), await htpasswd(area, users))
  const container = startContainer(area.cgroup(name), [
    ...rootfsArgs(area),
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

const config = (dir: string, authenticated: boolean, origin: string | undefined): string => `
version: 0.1
log: { accesslog: { disabled: true }, level: info }
storage:
  filesystem: { rootdirectory: ${dir}/data }
  delete: { enabled: true }
http: { addr: '127.0.0.1:0', relativeurls: true }
${authenticated ? `auth: { htpasswd: { realm: lab, path: ${dir}/htpasswd } }` : ''}
${origin === undefined ? '' : `proxy: { remoteurl: 'http://${origin}' }`}
`

/** docker-registry knows bcrypt only, and the C library of Debian, by way of perl, can hash so. */
const htpasswd = (area: WorkArea, users: readonly Credentials[]): Promise<string> =>
  runInRootfs(area, [
    'perl',
    '-e',
    'while (my ($user, $password) = splice @ARGV, 0, 2) {' +
      ' print "$user:", crypt($password, q($2y$05$abcdefghijklmnopqrstuu)), "\\n" }',
    ...users.flatMap(({ user, password }) => [user, password]),
  ])
