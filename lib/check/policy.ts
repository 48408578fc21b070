import { fields } from '../fields.ts'

/** What policy.json requires of images. */
export interface Policy {
  readonly default: readonly unknown[]
  /** Transport -> scope -> requirements. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, readonly unknown[]>>
}

/**
 * Parses containers-policy.json(5).
 *
 * @throws Error if podman refuses the file, and with it every pull
 */
export function parsePolicy(text: string): Policy {
  const { default: byDefault, transports } = fields(JSON.parse(text))
  return {
    default: requirements(byDefault, 'default'),
    transports: new Map(
      Object.entries(fields(transports)).map(([transport, scopes]) => [
        transport,
        new Map(
          Object.entries(fields(scopes)).map(([scope, value]) => [
            scope,
            requirements(value, `transports.${transport}."${scope}"`),
          ]),
        ),
      ]),
    ),
  }
}

function requirements(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value
  throw new Error(`${place} is not a list of requirements`)
}

/**
 * The scope by which a policy rejects an image, or undefined if it does not, as far as this can be said without
 * signatures.
 *
 * @param image full reference, or a transport with a path
 */
export function rejectingScope(policy: Policy, image: string): string | undefined {
  const [, transport] = /^([a-z-]+):\//u.exec(image) ?? []
  const scopes = policy.transports.get(transport ?? 'docker')
  const names = transport === undefined ? dockerScopes(image) : []
  // Scopes of a path are those of the host: what they say about a file in a root is not known here.
  if (transport !== undefined && [...(scopes?.keys() ?? [])].some(scope => scope !== ''))
    return undefined
  const scope = [...names, ''].find(name => scopes?.has(name))
  const found = scope === undefined ? policy.default : scopes?.get(scope)
  const isRejected = found?.some(requirement => fields(requirement)['type'] === 'reject')
  if (isRejected !== true) return undefined
  return scope === undefined ? 'default' : `transports.${transport ?? 'docker'}."${scope}"`
}

/**
 * The scopes of an image of a registry, the most specific first (containers/image: docker/policyconfiguration/naming.go,
 * DockerReferenceIdentity and DockerReferenceNamespaces).
 */
function dockerScopes(image: string): readonly string[] {
  const name = image.replace(/@.*$/su, '').replace(/:[^:/]*$/u, '')
  const parts = name.split('/')
  const host = name.replace(/[/:].*$/su, '').split('.')
  return [
    image,
    ...parts.map((_part, index) => parts.slice(0, parts.length - index).join('/')),
    ...host.slice(1).map((_part, index) => `*.${host.slice(index + 1).join('.')}`),
  ]
}
