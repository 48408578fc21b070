import type { PullOption } from './pull-options.ts'
import type { SectionReader } from '../quadlet/section-reader.ts'

/**
 * The name of a secret file depends on the use of the secret, not on the secret itself, so two secrets for
 * one use would share a file.
 */
export function refuseTwoSecrets(options: readonly PullOption[], reader: SectionReader): void {
  const contents = new Map<string, string>()
  for (const { path, contents: own } of options.flatMap(option => option.files)) {
    if ((contents.get(path) ?? String(own)) !== String(own))
      reader.refuse(
        'PodmanArgs',
        'more than one password for the same registry or key',
        'remove one',
      )
    contents.set(path, String(own))
  }
}
