import { Refusal } from '../text/fault.ts'
import type { QuadletKind } from './quadlet-kind.ts'

/**
 * The name of the service that Quadlet generates from a file (podman: pkg/systemd/quadlet/quadlet.go,
 * GetUnitServiceName): `web-image.service` from `web.image`, `web.service` from `web.container` and `web.kube`.
 *
 * @param chosen value of `ServiceName=`, if any
 * @throws Refusal for an invalid unit name, and for a template, which cannot be started
 */
export function serviceName(file: string, kind: QuadletKind, chosen: string | undefined): string {
  const base = file.slice(0, file.lastIndexOf('.'))
  if (base.endsWith('@'))
    throw new Refusal('a template cannot be bound', 'link to it as name@instance')
  if (chosen === undefined)
    return `${base}${kind === 'container' || kind === 'kube' ? '' : `-${kind}`}.service`
  if (!/^[\w.:\\@-]+$/u.test(chosen))
    throw new Refusal(`${chosen} is not the name of a unit`, 'use letters and digits')
  return `${chosen}.service`
}
