import { storedName, type BoundImage } from '../bound-images/bound-image.ts'
import { platformParts } from '../bound-images/platform.ts'
import { pullFlags } from '../bound-images/section-keys.ts'
import type { ImageStore } from '../facts/image-store.ts'

/** Options that skopeo has for both sides of a copy. */
const sidedFlag = /^--(?=cert-dir|tls-verify)/u

/**
 * A command that pulls an image whose tag staging has resolved, asking the registry for the tag: there are registries
 * and mirrors that serve manifests by tag only. It fails if the tag means another image by now. The image gets the same
 * name as by a pull of the digest; podman would move the tag to it, which the running OS may need.
 *
 * @returns undefined for an image whose spec names a digest, and beside additional image stores, which skopeo would use
 */
export function tagCommand(
  boundImage: BoundImage,
  { directory, runDirectory, options: storeOptions, hasAdditionalStores = false }: ImageStore,
): readonly string[] | undefined {
  const { digest, image, options } = boundImage
  if (digest === undefined || hasAdditionalStores) return undefined
  const store = storeOptions.length === 0 ? '' : `[overlay@${directory}+${runDirectory}]`
  return [
    '/usr/bin/skopeo',
    ...[...platformParts(options)].map(([part, value]) => `--override-${part}=${value}`),
    'copy',
    '--quiet',
    ...options.flatMap(({ flag, words: [first = '', ...others] }) => {
      if (flag === '--decryption-key') return [first, ...others]
      return pullFlags.get(flag)?.skopeo ? [first.replace(sidedFlag, '--src-'), ...others] : []
    }),
    `docker://${image}`,
    `containers-storage:${store}${storedName(boundImage)}`,
  ]
}
