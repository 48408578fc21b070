// podman as a service on a socket of ours, for what would take one process for each image. Failure policy: every
// failure is an error with what podman said.
import { execa } from 'execa'
import { mkdirSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runtimeDirectory } from '../directories.ts'
import type { Tagging } from '../plan/tag-moves.ts'
import type { ImageStore } from '../facts/image-store.ts'
import { parseImageList } from './parse-image-list.ts'
import { podmanFailure } from './podman-failure.ts'
import { podmanLimit } from './podman-limit.ts'
import type { StoreList } from './podman.ts'

/** Only root may enter it. */
const directory = join(runtimeDirectory, 'podman')

/** Of our own, because a service takes its socket away when it ends, be it another's by then. */
const socketPath = join(directory, `${process.pid}.sock`)

/** It ends by itself so long after its start or the last request, should we be killed. */
const idleSeconds = 600
const pollMilliseconds = 10

/** The oldest version of the interface that a supported podman has. */
const api = '/v5.0.0/libpod'

/** What is asked of it. */
export interface PodmanService {
  /** As `listStore`. */
  readonly listImages: () => Promise<StoreList>
  /** Gives images their names, which other images may have had, one after another; as many as can be. Each has a tag. */
  readonly tagImages: (taggings: readonly Tagging[]) => Promise<void>
  /** Takes names away from images, but not the images. */
  readonly untagImages: (taggings: readonly Tagging[]) => Promise<void>
  /** Removes these names, and images with their last one; but no image that a container uses. */
  readonly removeImages: (names: readonly string[]) => Promise<void>
}

/** Runs `act` beside such a service, which gets ready meanwhile. Only one at a time: see `withStagingLock`. */
export async function withPodmanService<T>(
  { options }: ImageStore,
  act: (podman: PodmanService) => Promise<T>,
): Promise<T> {
  // What others left who were killed.
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const args = ['system', 'service', `--time=${idleSeconds}`, `unix://${socketPath}`]
  const service = execa('podman', [...options, ...args], {
    stdin: 'ignore',
    stdout: 'ignore',
    reject: false,
  })
  const untilReady = async () => {
    const { nodeChildProcess: child } = service
    const isOver = () => child.exitCode !== null || child.signalCode !== null
    if (!(await answers(isOver))) throw podmanFailure(await service, args)
  }
  const change = (action: Action) => async (taggings: readonly Tagging[]) => {
    if (taggings.length === 0) return
    await untilReady()
    await changeNames(action, taggings)
  }
  try {
    return await act({
      listImages: () => untilReady().then(listImages),
      tagImages: change('tag'),
      untagImages: change('untag'),
      removeImages: async names => {
        if (names.length > 0) await untilReady().then(() => removeImages(names))
      },
    })
  } finally {
    service.kill()
    await service
  }
}

async function listImages(): Promise<StoreList> {
  const { status, body } = await call('GET', `${api}/images/json?all=true`)
  if (status !== 200) throw new Error(`listing images: podman said ${body}`)
  return parseImageList(body)
}

type Action = 'tag' | 'untag'

async function changeNames(action: Action, taggings: readonly Tagging[]): Promise<void> {
  const failures: string[] = []
  for (const { id, name } of taggings) {
    const [, repository = name, tag = 'latest'] = /^(.*):([^:/]*)$/u.exec(name) ?? []
    const query = new URLSearchParams({ repo: repository, tag }).toString()
    const { status, body } = await call('POST', `${api}/images/${id}/${action}?${query}`)
    if (status !== 201) failures.push(`podman image ${action} ${id} ${name}: podman said ${body}`)
  }
  if (failures.length > 0) throw new Error(failures.join('\n'))
}

async function removeImages(names: readonly string[]): Promise<void> {
  const failures: string[] = []
  for (const name of names) {
    const { status, body } = await call('DELETE', `${api}/images/${encodeURIComponent(name)}`)
    // 404: somebody else was faster; 409: a container uses it.
    if (![200, 404, 409].includes(status))
      failures.push(`podman image rm ${name}: podman said ${body}`)
  }
  if (failures.length > 0) throw new Error(failures.join('\n'))
}

/** Waits for the service; false when that has ended instead. */
async function answers(isOver: () => boolean): Promise<boolean> {
  for (const deadline = Date.now() + podmanLimit(); ; await sleep(pollMilliseconds))
    try {
      await call('GET', `${api}/_ping`)
      return true
    } catch (error) {
      if (isOver()) return false
      if (Date.now() > deadline)
        throw new Error('podman system service does not answer', { cause: error })
    }
}

function call(method: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    // It waits for the lock of its store for as long as another podman holds it.
    const signal = AbortSignal.timeout(podmanLimit())
    const ask = request({ socketPath, method, path, signal }, answer => {
      let body = ''
      answer.setEncoding('utf8').on('data', (part: string) => (body += part))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    ask.on('error', reject).end()
  })
}
