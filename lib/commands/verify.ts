import type { CommandModule } from 'yargs'
import { findStoredImage } from '../host/stored-image-files.ts'
import { verifyImage, WrongImageError } from '../survey/verify-image.ts'
import { printable } from '../text/printable.ts'
import { requireRoot } from './require-root.ts'

interface Options {
  readonly image: string
  readonly store: string
}

/** Exit statuses, for units/programs/record-pull. */
const failures = { isWrong: 3, isBroken: 4 } as const

export const verifyCommand: CommandModule<object, Options> = {
  command: 'verify <image> <store>',
  describe: 'After a pull: verify that the stored image is the one that its name asks for',
  builder: parser =>
    parser
      .positional('image', {
        type: 'string',
        demandOption: true,
        describe: 'Its name in the store',
      })
      .positional('store', {
        type: 'string',
        demandOption: true,
        describe: 'Directories of the store, separated by ":"',
      }),
  handler: ({ image, store }) => {
    requireRoot()
    const found = findStoredImage(store.split(':'), image)
    if (found === undefined) return
    try {
      const result = verifyImage(image, found)
      process.stdout.write(`${found.id} ${found.digest} ${image} ${result}\n`)
    } catch (error) {
      if (!(error instanceof WrongImageError)) throw error
      const reason = printable(error.message)
      process.stderr.write(`Error: what was stored as ${image} is not that image: ${reason}\n`)
      process.exitCode = error.isBroken ? failures.isBroken : failures.isWrong
    }
  },
}
