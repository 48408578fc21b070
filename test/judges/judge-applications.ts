import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BoundImageSpec } from '../../lib/bound-images/read-bound-images.ts'
import { defaultStore } from '../../lib/facts/image-store.ts'
import type { PodmanVersion } from '../../lib/facts/podman-version.ts'
import { pullCommand } from '../../lib/render/pull-command.ts'
import { readRequest, type Request } from '../../lib/request/request.ts'
import { fullName } from './compare.ts'
import { joined } from './joined.ts'
import { ourResult } from './judge-specs.ts'
import type { Application } from './likely-files.ts'
import { shortImages } from './likely-lines.ts'
import type { Quadlet } from './quadlet.ts'
import {
  ofContainer,
  ofImageFile,
  ofKubeFile,
  UnitsOfQuadlet,
  type Needs,
} from './quadlet-needs.ts'
import { rootFiles } from './spec-file.ts'

/** What both sides make of one bound file. */
export interface ApplicationJudgement {
  readonly entry: string
  readonly files: Application['files']
  /** Why this product refuses it. */
  readonly refusals: readonly string[]
  readonly quadlet: Needs | undefined
  readonly ours: Needs | undefined
}

const quadletDirectory = 'usr/share/containers/systemd'
const entryDirectory = 'usr/lib/bootc-bound-images/bound-images.d'

const more = { 'etc/containers/registries.conf': 'unqualified-search-registries = ["docker.io"]\n' }

/** Gives the applications to both, and removes them. */
export async function judgeApplications(
  quadlet: Quadlet,
  root: string,
  applications: readonly Application[],
): Promise<readonly ApplicationJudgement[]> {
  const [major, minor] = quadlet.version
  try {
    for (const [path, text] of Object.entries({ ...rootFiles, ...more })) write(root, path, text)
    // As on bootc.
    symlinkSync('var/roothome', join(root, 'root'))
    for (const [index, { files, bound }] of applications.entries()) {
      const directory = join(quadletDirectory, `${index}`)
      for (const [path, text] of Object.entries(files)) write(root, join(directory, path), text)
      for (const name of bound) link(root, name, `/${directory}/${template(name)}`)
    }
    const units = new UnitsOfQuadlet(await quadlet.read(join(root, quadletDirectory)))
    const request = readRequest(root, { hostRoot: undefined, podmanVersion: [major, minor] })
    return applications.flatMap((application, index) =>
      application.bound.map(name => {
        const entry = `${entryDirectory}/${name}`
        const problem = request.problems.find(each => each.entry === entry)
        const ours = oursOf(request, entry, [major, minor])
        const needs = needsOf(units, `${index}/${template(name)}`, name)
        const quadletNeeds =
          name.endsWith('.kube') && needs !== undefined
            ? { ...needs, images: sorted(application.yamlImages.map(inFull)) }
            : needs
        return {
          entry,
          files: application.files,
          refusals: problem?.faults.map(({ reason }) => reason) ?? [],
          quadlet: quadletNeeds,
          ours: problem === undefined && ours ? withOthers(ours, quadletNeeds, request) : undefined,
        }
      }),
    )
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const template = (name: string) => name.replace(/@[^.]*\./u, '@.')

function needsOf(units: UnitsOfQuadlet, path: string, name: string): Needs | undefined {
  const needs = name.endsWith('.image')
    ? ofImageFile(units, path)
    : name.endsWith('.kube')
      ? ofKubeFile(units, path)
      : ofContainer(units, path, name, shortImages)
  return (
    needs && {
      options: sorted(withoutOtherLogin(needs.options)),
      images: sorted(needs.images.map(inFull)),
    }
  )
}

/** The own image's options; all images. */
function oursOf(request: Request, entry: string, version: PodmanVersion): Needs | undefined {
  const specs = request.specs.filter(spec => spec.entry === entry)
  const own = specs.find(({ boundImage }) => boundImage.mountedBy === undefined)
  if (own === undefined) return undefined
  const images = specs.map(({ boundImage }) => boundImage.name)
  return { options: sorted(optionsOf(request, own, version)), images: sorted(images) }
}

/** What one container mounts and another entry binds, is bound once. */
function withOthers(ours: Needs, quadlet: Needs | undefined, { specs }: Request): Needs {
  const names = new Set(specs.map(({ boundImage }) => boundImage.name))
  const bound = (quadlet?.images ?? []).filter(image => names.has(image))
  return { ...ours, images: sorted([...ours.images, ...bound]) }
}

function optionsOf(
  request: Request,
  spec: BoundImageSpec,
  version: PodmanVersion,
): readonly string[] {
  const single = { ...request, specs: [spec], problems: [] }
  const result = ourResult(single, spec.entry)
  const words =
    'words' in result ? result.words : pullCommand(spec.boundImage, version, defaultStore)
  const own = words.slice(1, -1).filter(word => word !== 'image' && word !== 'pull')
  return joined(own.map(word => word.replace('/var/roothome/', '/root/')))
}

function inFull(image: string): string {
  const first = image.replace(/^docker:\/\//u, '').split('/')[0] ?? ''
  const isShort =
    !image.replace(/^docker:\/\//u, '').includes('/') || !/[.:]|^localhost$/u.test(first)
  return fullName(isShort ? `docker.io/${image}` : image).replace(/^([^/]+\/[^:@]+)$/u, '$1:latest')
}

/** podman prefers `--creds`: `two-logins` in docs/quadlet-differences.md. */
const withoutOtherLogin = (options: readonly string[]) =>
  options.some(option => option.startsWith('--creds='))
    ? options.filter(option => !option.startsWith('--authfile='))
    : options

const sorted = (words: readonly string[]) => [...new Set(words)].toSorted()

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function link(root: string, name: string, target: string): void {
  mkdirSync(join(root, entryDirectory), { recursive: true })
  symlinkSync(target, join(root, entryDirectory, name))
}
