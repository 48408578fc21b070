import type { Host, Registry } from '../../lab/lab.ts'
import { median, spread } from '../measuring.ts'

const runs = 15
const images = 8

/**
 * What a staging costs when all is there and named by digest, beside what is least: an empty Node and two looks at
 * podman's list of images. A line for people.
 */
export async function measureNothingToDo(host: Host, registry: Registry): Promise<string> {
  const specs: string[] = []
  for (let index = 0; index < images; index++) {
    const digest = await registry.push(`there-${index}:1`, { files: { id: String(index) } })
    const spec = `[Image]\\nImage=${registry.address}/there-${index}@${digest}\\nTLSVerify=false\\n`
    specs.push(`printf '${spec}' >$root/usr/lib/bootc/bound-images.d/i${index}.image`)
  }
  const { stdout, stderr, exitCode } = await host.run(
    `
    set -e
    root=/var/tmp/nothing-to-do
    mkdir -p $root/usr/lib/bootc/bound-images.d $root/etc
    cp -a /etc/containers $root/etc
    ${specs.join('\n')}
    bootc-bound-images stage --root $root --wait
    # Another deployment with the same images.
    cp -a $root $root-2
    bootc-bound-images stage --root $root-2
    time_of() {
      local begin=$(date +%s%N)
      "$@" >/dev/null || return
      echo $(($(date +%s%N) - begin))
    }
    least() { node -e 0; podman images; podman images; }
    echo results
    for run in $(seq ${runs}); do
      own=$(time_of bootc-bound-images stage)
      least=$(time_of least)
      echo $own $least
    done
    rm -rf $root $root-2
    bootc-bound-images stage`,
    { timeoutMs: 120_000 },
  )
  const rows = stdout
    .slice(stdout.indexOf('results\n') + 8)
    .split('\n')
    .slice(0, runs)
    .map(line => line.split(' ').map(nanoseconds => Number(nanoseconds) / 1e6))
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`)
  const [own, least] = [0, 1].map(column => rows.map(row => row[column] ?? NaN))
  if (own === undefined || least === undefined) throw new Error('no results')
  return (
    `A staging of ${images} images that are all there: ${(median(own) / median(least)).toFixed(2)} of an empty Node and ` +
    `two "podman images" (${median(own).toFixed(0)} ms; spread ${(100 * spread(own)).toFixed(0)} and ${(100 * spread(least)).toFixed(0)} %)\n`
  )
}
