import { Refusal } from '../text/fault.ts'

const domainPart = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const host = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])`
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const reference = new RegExp(
  `^(?:(?<domain>${host}(?::[0-9]+)?)/)?(?<path>${pathPart}(?:/${pathPart})*)(?::(?<tag>\\w[\\w.-]*))?` +
    '(?:@(?<digest>(?<algorithm>sha256|sha384|sha512):(?<hash>[0-9a-f]+)))?$',
  'u',
)
const maxReferenceLength = 1024
const maxNameLength = 255
const maxTagLength = 128
const hashLengths: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
])

/**
 * An image reference: `[domain/]path[:tag][@digest]`. The grammar is that of distribution
 * (github.com/distribution/reference, regexp.go), which podman also uses, with the digest algorithms of
 * github.com/opencontainers/go-digest. No part contains white space, quotes, `%` or `$`, or starts with `-`.
 */
export interface ImageReference {
  /** `host[:port]`; undefined for a short name, which registries.conf resolves. */
  readonly domain: string | undefined
  readonly path: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** @throws Refusal if the text is not an image reference */
export function parseImageReference(text: string): ImageReference {
  const groups = text.length > maxReferenceLength ? undefined : reference.exec(text)?.groups
  if (groups?.['path'] === undefined || !hasRightLengths(groups) || isId(text))
    throw new Refusal(
      ['not an image reference', ...mistake(text)].join(': '),
      'write registry/name:tag or registry/name@digest',
    )
  const { domain, path, tag, digest } = groups
  // The part before the first slash is a registry only if it looks like one.
  const isDomain = domain !== undefined && (/[.:]/u.test(domain) || domain === 'localhost')
  const named = isDomain
    ? { domain, path, tag, digest }
    : { domain: undefined, path: domain === undefined ? path : `${domain}/${path}`, tag, digest }
  if (`${named.domain ?? ''}/${named.path}`.length > maxNameLength)
    throw new Refusal(`an image name has at most ${maxNameLength} characters`, 'use a shorter one')
  return named
}

/** The first mistake that people make and that the text has. */
function mistake(text: string): readonly string[] {
  if (text.length > maxReferenceLength) return [`it has more than ${maxReferenceLength} characters`]
  const [, domain = '', rest = text] = /^([^/]*[.:][^/]*)\/(.*)$/su.exec(text) ?? []
  const digest = /@(.*)$/su.exec(text)?.[1]
  const hash = hashLengths.get(digest?.replace(/:.*$/su, '') ?? '')
  const mistakes: readonly [boolean, string][] = [
    [isId(text), 'it is the ID of an image, and no registry knows IDs'],
    [/\s/u.test(text), 'it holds white space'],
    [/^[a-z+-]+:\/\//iu.test(text), 'it begins with a scheme'],
    [text.endsWith('/'), 'it ends in a slash'],
    [digest !== undefined && hash === undefined, 'the digest is not of sha256, sha384 or sha512'],
    [
      digest !== undefined && digest.length !== digest.indexOf(':') + 1 + (hash ?? 0),
      `the digest does not have ${hash} digits`,
    ],
    [text.endsWith(':'), 'there is no tag after the colon'],
    [/[A-Z]/u.test(rest.replace(/[:@].*$/su, '')), 'the name holds capital letters'],
    [/[^a-z0-9.\-[\]:]/iu.test(domain), `${domain} is not the name of a registry`],
  ]
  return mistakes
    .filter(([is]) => is)
    .map(([, what]) => what)
    .slice(0, 1)
}

/**
 * Not part of the regular expression: V8 takes longer to compile bounded repetitions than to read all specs.
 */
function hasRightLengths({ tag = '', algorithm = '', hash = '' }: Partial<Record<string, string>>) {
  return tag.length <= maxTagLength && hash.length === (hashLengths.get(algorithm) ?? 0)
}

/** podman takes 64 hexadecimal digits for the ID of an image. */
function isId(text: string): boolean {
  return text.length === hashLengths.get('sha256') && /^[0-9a-f]+$/u.test(text)
}

/**
 * The full name under which podman stores the image. Adds `library/` for Docker Hub, adds the tag `latest` if
 * there is neither tag nor digest, and drops a tag next to a digest (distribution/reference, normalize.go;
 * containers/common: libimage/normalize.go).
 */
export function normalizeReference({ domain, path, tag, digest }: ImageReference): string {
  const registry = domain === 'index.docker.io' ? 'docker.io' : domain
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path
  const name = registry === undefined ? repository : `${registry}/${repository}`
  return digest === undefined ? `${name}:${tag ?? 'latest'}` : `${name}@${digest}`
}
