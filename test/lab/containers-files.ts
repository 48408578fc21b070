import type { Credentials } from './docker-registry.ts'
import type { Registry } from './registry.ts'

/** Text of a file with one user's credentials for registries or repositories (containers-auth.json(5)). */
export function authJson({ user, password }: Credentials, ...scopes: readonly string[]): string {
  const auth = btoa(`${user}:${password}`)
  return JSON.stringify({ auths: Object.fromEntries(scopes.map(scope => [scope, { auth }])) })
}

/** Text for registries.conf.d that lets podman speak plain HTTP (containers-registries.conf(5)). */
export function insecureRegistries(...registries: readonly Registry[]): string {
  return registries
    .map(({ address }) => `[[registry]]\nlocation = "${address}"\ninsecure = true\n`)
    .join('')
}
