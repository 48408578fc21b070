import type { Test } from 'tap'
import { boundImages, imageSpec } from './bound-images.ts'
import type { Files, Host, Lab } from './lab.ts'
import type { Registry } from './registry.ts'

/** Deployments that want app:latest, and what the registry and their hosts have behind that tag. */
export const movingTag = (lab: Lab, registry: Registry) => {
  const app = `${registry.address}/app:latest`
  const start = 'systemctl start bootc-bound-images.target'
  const specs = (version: string): Files => ({
    ...boundImages({ 'app.image': imageSpec(registry, 'app:latest') }),
    'usr/share/version': version,
  })

  /** What is in the image that a container of that name would run. */
  const contents = async (host: Host, name = app): Promise<string> =>
    (
      await host.run(
        `directory=$(podman image mount ${name}) && cat "$directory/id"; podman image unmount ${name} >/dev/null`,
      )
    ).stdout

  /** Runs v2 with A behind the tag, which the registry has moved to B since; v3 wants the same tag. */
  const hostWithMovedTag = async (t: Test, settings: Files): Promise<Host> => {
    await registry.push('app:latest', { files: { id: 'A' } })
    const host = await lab.host({ v1: settings })
    await host.commit('v2', { ...settings, ...specs('2') })
    await host.stage('v2')
    t.match(await host.run(start), { exitCode: 0 })
    await reboot(host)
    await registry.push('app:latest', { files: { id: 'B' } })
    await host.commit('v3', specs('3'))
    return host
  }

  return { app, start, specs, contents, hostWithMovedTag }
}

export const reboot = async (host: Host): Promise<void> => {
  await host.shutdown()
  await host.boot()
}
