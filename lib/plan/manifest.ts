import { fields } from '../fields.ts'
import type { Platform } from '../bound-images/platform.ts'
import type { Layer } from './layer.ts'

/** The parts of an image manifest that a pull depends on. */
export type Manifest =
  | { readonly kind: 'image'; readonly layers: readonly Layer[] }
  | { readonly kind: 'list'; readonly instances: readonly Instance[] }
  /** Of a kind that only podman and skopeo know. */
  | { readonly kind: 'other' }

/** An image in a list, for one platform. */
export interface Instance extends Platform {
  readonly digest: string
}

/**
 * Reads a manifest as a registry has it: an image or a list of images, of OCI or of Docker (schema 2). Both have the
 * same members for all that is read here, see the OCI image specification, manifest.md and image-index.md.
 */
export function parseManifest(text: string): Manifest {
  const { layers, manifests } = fields(JSON.parse(text))
  if (Array.isArray(manifests)) return { kind: 'list', instances: manifests.map(instance) }
  const parsed = parseLayers(layers)
  return parsed === undefined ? { kind: 'other' } : { kind: 'image', layers: parsed }
}

/** Nobody has checked a manifest that comes from a registry: without sizes that are numbers, no order would end. */
function parseLayers(layers: unknown): readonly Layer[] | undefined {
  if (!Array.isArray(layers)) return undefined
  const parsed = layers.map(layer => {
    const { digest, size } = fields(layer)
    return { digest: String(digest), bytes: typeof size === 'number' ? size : NaN }
  })
  return parsed.every(({ bytes }) => isSize(bytes)) ? parsed : undefined
}

/** Whether a layer can have so many bytes. */
export function isSize(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 0
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

/** Those of the instances that run on a platform. With several, the processor decides which one is pulled. */
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
