import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import { defaultStore, separateStore } from '../render/image-store.ts'
import type { PullFacts } from '../render/render-units.ts'

/** What pulls depend on, without a question to podman: of a version that knows no newer options, with an unknown directory. */
export function unaskedFacts(): {
  readonly facts: PullFacts
  readonly warnings: readonly string[]
} {
  const { settings, libraryDirectory, warnings } = ownFacts()
  const imageStore = settings.store === undefined ? defaultStore : separateStore(settings.store)
  return { facts: { podmanVersion: [0, 0], imageStore, libraryDirectory, settings }, warnings }
}

/** What is known without asking anybody. */
export function ownFacts() {
  const libraryDirectory = dirname(realpathSync(process.argv[1] ?? '.'))
  return { ...readSettings(hostRoot), libraryDirectory }
}
