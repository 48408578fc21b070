import { Refusal } from '../text/fault.ts'

const domainPart = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const host = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])`
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const reference = new RegExp(
  `^(?:(?<domain>${host}(?::[0-9]+)?)/)?(?<path>${pathPart}(?:/${pathPart})*)(?::(?<tag>\\w[\\w.-]*))?` +
    '(?:@(?<digest>(?<algorithm>sha256|sha384|sha512):(?<hash>[0-9a-f]+)))?$',
  'u',
)
const longestReference = 1024
const longestName = 255
const longestTag = 128
const hashLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 }

/**
 * An image reference: `[domain/]path[:tag][@digest]`. The grammar is distribution's
 * (github.com/distribution/reference, regexp.go), which podman uses too, with the digests that
 * github.com/opencontainers/go-digest knows. None of its parts ever holds
 * white space, quotes, `%` or `$`, or starts with `-`.
 */
export interface ImageReference {
  /** `host[:port]`; undefined for a short name, which registries.conf resolves. */
  readonly domain: string | undefined
  readonly path: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** @throws Refusal for what is no image reference */
export function parseImageReference(text: string): ImageReference {
  const groups = text.length > longestReference ? undefined : reference.exec(text)?.groups
  if (groups?.['path'] === undefined || !hasRightLengths(groups) || isId(text))
    throw new Refusal('not an image reference', 'write registry/name:tag or registry/name@digest')
  const { domain, path, tag, digest } = groups
  // What stands before the first slash is a registry only when it looks like one.
  const isDomain = domain !== undefined && (/[.:]/u.test(domain) || domain === 'localhost')
  const named = isDomain
    ? { domain, path, tag, digest }
    : { domain: undefined, path: domain === undefined ? path : `${domain}/${path}`, tag, digest }
  if (`${named.domain ?? ''}/${named.path}`.length > longestName)
    throw new Refusal(`an image name has at most ${longestName} characters`, 'use a shorter one')
  return named
}

/** Not left to the regular expression: bounded repetitions take V8 longer to compile than all specs to read. */
function hasRightLengths({ tag = '', algorithm = '', hash = '' }: Partial<Record<string, string>>) {
  return tag.length <= longestTag && hash.length === (hashLengths[algorithm] ?? 0)
}

/** Which podman takes for the image that has it. */
function isId(text: string): boolean {
  return text.length === hashLengths['sha256'] && /^[0-9a-f]+$/u.test(text)
}

/**
 * The full name by which podman stores the image: Docker Hub's `library/`, the tag `latest` when there
 * is neither tag nor digest, and no tag beside a digest (distribution/reference, normalize.go;
 * containers/common: libimage/normalize.go).
 */
export function normalizeReference({ domain, path, tag, digest }: ImageReference): string {
  const registry = domain === 'index.docker.io' ? 'docker.io' : domain
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path
  const name = registry === undefined ? repository : `${registry}/${repository}`
  return digest === undefined ? `${name}:${tag ?? 'latest'}` : `${name}@${digest}`
}
