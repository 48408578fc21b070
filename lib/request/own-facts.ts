import { readSettings } from '../config/read-settings.ts'
import { hostRoot } from '../directories.ts'
import { oldestPodman } from '../facts/podman-version.ts'
import { defaultStore, separateStore } from '../facts/image-store.ts'
import type { PullFacts } from '../facts/facts.ts'

/** What pulls depend on, without a question to podman: of a version that knows no newer options, with an unknown directory. */
export function unaskedFacts(): {
  readonly facts: PullFacts
  readonly warnings: readonly string[]
} {
  const { settings, libraryDirectory, warnings } = ownFacts()
  const imageStore = settings.store === undefined ? defaultStore : separateStore(settings.store)
  return {
    facts: { podmanVersion: oldestPodman, imageStore, libraryDirectory, settings },
    warnings,
  }
}

/** What is known without asking anybody. */
export function ownFacts() {
  // The scripts of the units are installed beside this program.
  const libraryDirectory = import.meta.dirname
  return { ...readSettings(hostRoot), libraryDirectory }
}
