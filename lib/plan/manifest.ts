import { fields } from '../fields.ts'
import type { Platform } from '../bound-images/platform.ts'
import type { Layer } from './layer.ts'

/** The parts of an image manifest that a pull depends on. */
export type Manifest =
  | { readonly kind: 'image'; readonly layers: readonly Layer[] }
  | { readonly kind: 'list'; readonly instances: readonly Instance[] }
  /** A kind that only podman and skopeo can read. */
  | { readonly kind: 'other' }

/** An image in a list, for one platform. */
export interface Instance extends Platform {
  readonly digest: string
}

/**
 * Parses a manifest from a registry: an image or a list of images, OCI or Docker (schema 2). The fields read
 * here are the same in both formats, see the OCI image specification, manifest.md and image-index.md.
 */
export function parseManifest(text: string): Manifest {
  const { layers, manifests } = fields(JSON.parse(text))
  if (Array.isArray(manifests))
    return { kind: 'list', instances: manifests.map(instance).filter(hasDigest) }
  const parsed = parseLayers(layers)
  return parsed === undefined ? { kind: 'other' } : { kind: 'image', layers: parsed }
}

/** More than overlay can mount (containers/storage: drivers/overlay/overlay.go, maxDepth), so podman refuses such an image. */
export const maxLayers = 500

/** A manifest from a registry is unchecked. Pulls cannot be ordered by sizes that are not numbers. */
function parseLayers(layers: unknown): readonly Layer[] | undefined {
  if (!Array.isArray(layers) || layers.length > maxLayers) return undefined
  const parsed = layers.map(layer => {
    const { digest, size } = fields(layer)
    return { digest: String(digest), bytes: typeof size === 'number' ? size : NaN }
  })
  return parsed.every(({ bytes }) => isSize(bytes)) ? parsed : undefined
}

/** Far above any real layer. The registry checks the size no more than the client that pushed it. */
const maxLayerBytes = 1e12

/** Whether a number is a credible size of a layer. */
export function isSize(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= 0 && bytes <= maxLayerBytes
}

function instance(value: unknown): Instance {
  const { digest, platform } = fields(value)
  const { os, architecture, variant } = fields(platform)
  return {
    digest: String(digest),
    os: String(os),
    architecture: String(architecture),
    variant: typeof variant === 'string' ? variant : undefined,
  }
}

/** A digest of a registry becomes part of a name. */
function hasDigest({ digest }: Instance): boolean {
  return /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/u.test(digest)
}

/** The instances for a platform. If there are several, the processor decides which one is pulled. */
export function instancesFor(
  instances: readonly Instance[],
  { os, architecture, variant }: Platform,
): readonly Instance[] {
  return instances.filter(
    each =>
      each.os === os &&
      each.architecture === architecture &&
      (variant === undefined || each.variant === variant),
  )
}
