import type { Host } from '../lab.ts'
import type { KnownImage } from './images.ts'

/**
 * Mounts each image as a container would get it and reads all its files.
 *
 * @returns a line for each image that is not there or not what was pushed
 */
export async function damagedImages(
  host: Host,
  images: readonly KnownImage[],
): Promise<readonly string[]> {
  if (images.length === 0) return []
  const { stdout } = await host.run(
    `for image in ${images.map(({ reference }) => reference).join(' ')}; do
       # podman mounts no image of a store that it only reads, but containers of it.
       if { dir=$(podman image mount "$image" 2>/tmp/error) ||
            { podman create --name look --replace "$image" /x && dir=$(podman mount look); } >/dev/null 2>&1
          } && cd "$dir" 2>>/tmp/error; then
         sum=$(find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum 2>&1 | sha256sum)
         echo "\${sum%% *} $(find . -type f | wc -l) files, $(find . -type f -empty | wc -l) of them empty"
         cd /
       else
         echo "cannot be mounted: $(tail -n 1 /tmp/error)"
       fi
     done
     podman image umount --all >/dev/null
     podman rm --force --ignore look >/dev/null`,
  )
  const found = stdout.split('\n')
  return images.flatMap(({ reference, sum, files }, index) => {
    const line = found[index] ?? ''
    if (line.startsWith(sum)) return []
    const what = line.replace(
      /^[0-9a-f]{64} (.*)$/u,
      `$1, instead of ${files} files with other contents`,
    )
    return [`image ${reference}: ${what}`]
  })
}
