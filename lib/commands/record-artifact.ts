import type { CommandModule } from 'yargs'
import { defaultStore } from '../facts/image-store.ts'
import { checkAndRecord } from '../staging/record-artifact.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly name: string
  readonly artifact: string
  readonly store: string
}

/** Only for units/programs/record-artifact. */
export const recordArtifactCommand: CommandModule<object, Options> = {
  command: 'record-artifact <name> <artifact> <store>',
  describe: false,
  builder: parser =>
    parser
      .positional('name', { type: 'string', demandOption: true })
      .positional('artifact', { type: 'string', demandOption: true })
      .positional('store', { type: 'string', demandOption: true }),
  handler: async ({ name, artifact, store }) => {
    requireRoot()
    await checkAndRecord(name, artifact, { ...defaultStore, directory: store })
  },
}
