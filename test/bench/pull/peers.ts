/** A way to pull images, as a bash script for the host. `references` are full, by tag. */
export interface Peer {
  readonly name: string
  /** What is prepared before the clock runs. */
  readonly prepare: (references: readonly string[]) => string
  readonly pull: (references: readonly string[]) => string
}

const podman = 'podman image pull --quiet --tls-verify=false'
const nothing = () => ''
const unitName = (index: number) => `bench-${index}`

/** This product first. */
export const peers: readonly Peer[] = [
  {
    name: 'bootc-bound-images',
    prepare: references => `
      root=/var/tmp/bench-root && rm -rf $root && mkdir -p $root/usr/lib/bootc/bound-images.d $root/etc && cp -a /etc/containers $root/etc && cd $root/usr/lib/bootc/bound-images.d &&
      ${references.map((reference, index) => `printf '[Image]\\nImage=${reference}\\nTLSVerify=false\\n' >i${index}.image`).join(' && ')}`,
    pull: () => 'bootc-bound-images stage --root /var/tmp/bench-root --wait',
  },
  {
    // What bootc does for an image that it does not have.
    name: 'podman pull, one after another',
    prepare: nothing,
    pull: references => references.map(reference => `${podman} ${reference}`).join(' && '),
  },
  {
    name: 'one podman pull for all',
    prepare: nothing,
    pull: references => `${podman} ${references.join(' ')}`,
  },
  {
    name: 'podman pull, all at once',
    prepare: nothing,
    pull: references => `
      ${references.map(reference => `${podman} ${reference} & pids="$pids $!"`).join('\n')}
      for pid in $pids; do wait $pid || exit; done`,
  },
  {
    name: "Quadlet's .image units, all at once",
    prepare: references => `
      systemctl stop 'bench-*-image.service'
      mkdir -p /run/containers/systemd && cd /run/containers/systemd && rm -f * &&
      ${references.map((reference, index) => `printf '[Image]\\nImage=${reference}\\nTLSVerify=false\\n' >${unitName(index)}.image`).join(' && ')}`,
    pull: references =>
      `systemctl daemon-reload && systemctl start ${references.map((_, index) => `${unitName(index)}-image.service`).join(' ')}`,
  },
]

/** Takes everything away again, so that the next run finds nothing. */
export const reset = `
  rm -rf /var/tmp/bench-root /run/containers/systemd
  bootc-bound-images stage
  systemctl stop 'bench-*-image.service' 'bootc-pending-*'
  podman image rm --all --force
  rm -rf /var/lib/containers/cache /var/lib/bootc-bound-images /run/bootc-bound-images
  systemctl daemon-reload`
