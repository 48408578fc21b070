import { createHash } from 'node:crypto'
import { fields } from '../fields.ts'
import type { StoredImageFiles } from '../host/stored-image-files.ts'
import type { Verification } from '../state/pull-records.ts'
import { describeError } from '../text/describe-error.ts'

/** Why an image is not what it should be, for people. */
export class WrongImageError extends Error {
  /** Whether the image itself is at fault. If not, only its name is: the same image can be right by another name. */
  readonly isBroken: boolean

  constructor(reason: string, isBroken: boolean) {
    super(reason)
    this.isBroken = isBroken
  }
}

/**
 * Verifies that a stored image is the one that its name asks for: the digest is that of a stored manifest, which names
 * the configuration by its digest, which names the contents of the layers by theirs (OCI image specification,
 * manifest.md, image-index.md, config.md). Relies on podman for the digests of the contents, which it records when it
 * unpacks them. So nothing large is read.
 *
 * podman checks the same when it pulls, but its versions before 5.8.10 and 6.2 can be made to omit it
 * (CVE-2026-111361).
 *
 * @param name name of the image in the store
 * @throws WrongImageError if it is another image
 */
export function verifyImage(name: string, image: StoredImageFiles): Verification {
  if (image.unlinkedLayer !== undefined)
    throw new WrongImageError(`its layer ${image.unlinkedLayer} is damaged`, true)
  const digest = name.includes('@') ? name.slice(name.indexOf('@') + 1) : undefined
  const manifest = manifestOf(image, digest)
  const configDigest = configDigestOf(manifest)
  if (typeof configDigest !== 'string') {
    // Nothing can be proven of Docker's first format of manifests.
    if (digest === undefined || manifest['schemaVersion'] === 1) return 'unknown'
    throw new WrongImageError('its manifest names no configuration', false)
  }
  if (!image.names.includes(configDigest))
    throw new WrongImageError(
      `its manifest names the configuration ${configDigest}, which is not stored`,
      true,
    )
  const config = read(image, configDigest)
  if (!digestsOf(config).includes(configDigest))
    throw new WrongImageError(`its configuration does not have the digest ${configDigest}`, true)
  // Go writes null for an empty list.
  const wanted = fields(parse(config)['rootfs'])['diff_ids'] ?? []
  if (image.layers === undefined) return 'unknown'
  if (JSON.stringify(wanted) !== JSON.stringify(image.layers))
    throw new WrongImageError(
      `its layers are ${describe(image.layers)}, but its configuration names ${describe(wanted)}`,
      true,
    )
  return digest === undefined ? 'contents' : 'verified'
}

/** The manifest that a digest leads to, or that podman uses. */
function manifestOf(image: StoredImageFiles, digest: string | undefined) {
  const used = parse(read(image, 'manifest'))
  if (digest === undefined) return used
  const find = (digests: ReadonlySet<unknown>) =>
    image.names
      .filter(name => name.startsWith('manifest'))
      .map(name => read(image, name))
      .find(manifest => digestsOf(manifest).some(each => digests.has(each)))
  const named = find(new Set([digest]))
  // The digest of Docker's first format is that of a part of the manifest.
  if (named === undefined && used['schemaVersion'] === 1) return used
  if (named === undefined)
    throw new WrongImageError(`none of its manifests has the digest ${digest}`, false)
  const instances = parse(named)['manifests']
  const instance = Array.isArray(instances)
    ? find(new Set(instances.map(each => fields(each)['digest'])))
    : named
  if (instance === undefined)
    throw new WrongImageError(`none of its manifests is in the list ${digest}`, false)
  const found = parse(instance)
  // podman can use another one, with the same configuration: the layers of the one that it pulled may be encrypted.
  if (configDigestOf(found) !== configDigestOf(used))
    throw new WrongImageError(
      `podman uses a manifest of it that does not belong to ${digest}`,
      false,
    )
  return found
}

function configDigestOf(manifest: Readonly<Record<string, unknown>>): unknown {
  return fields(manifest['config'])['digest']
}

/** What cannot be read is not what it should be. */
function read(image: StoredImageFiles, name: string): Buffer {
  try {
    return image.read(name)
  } catch (error) {
    throw new WrongImageError(
      `podman's copy of its ${name} is unreadable: ${describeError(error)}`,
      true,
    )
  }
}

/** In each algorithm that a digest may name (OCI image specification, descriptor.md). */
function digestsOf(data: Buffer): readonly string[] {
  return ['sha256', 'sha384', 'sha512'].map(
    algorithm => `${algorithm}:${createHash(algorithm).update(data).digest('hex')}`,
  )
}

/** Data that is not JSON has no fields, so it is not what it should be. */
function parse(data: Buffer): Readonly<Record<string, unknown>> {
  try {
    return fields(JSON.parse(data.toString()))
  } catch {
    return {}
  }
}

/** A configuration can name anything, and as many layers as it likes. */
function describe(layers: unknown): string {
  if (!Array.isArray(layers)) return 'none'
  const names = layers.slice(0, 3).map(layer => String(layer).slice(0, 71))
  return `${names.join(', ') || 'none'}${layers.length > names.length ? ' and others' : ''}`
}
