import yargs from 'yargs'
import packageJson from '../../package.json' with { type: 'json' }
import { activateCommand } from './activate.ts'
import { bootCommand } from './boot.ts'
import { checkCommand } from './check.ts'
import { configCommand } from './config.ts'
import { gateCommand } from './gate.ts'
import { recordArtifactCommand } from './record-artifact.ts'
import { repairCommand } from './repair.ts'
import { settleCommand } from './settle.ts'
import { showCommand } from './show.ts'
import { stageCommand } from './stage.ts'
import { statusCommand } from './status.ts'
import { verifyCommand } from './verify.ts'

const parser = yargs()
  .scriptName('bootc-bound-images')
  .usage(
    '$0 COMMAND [OPTION]...\n\nGet the bound images of the next deployment on disk before it may become the default.',
  )
  .command(stageCommand)
  .command(statusCommand)
  .command(gateCommand)
  .command(showCommand)
  .command(checkCommand)
  .command(activateCommand)
  .command(bootCommand)
  .command(recordArtifactCommand)
  .command(repairCommand)
  .command(settleCommand)
  .command(verifyCommand)
  .command(configCommand)
  .demandCommand(1, 'Name a command.')
  .strict()
  .version(packageJson.version)
  .epilogue(
    'To pull: systemctl start bootc-bound-images.target\nTo see why: journalctl -u "bootc-pending-*"',
  )
  .wrap(Math.min(100, process.stdout.columns || 80))
  .exitProcess(false)
  .fail((message: string | null, error: Error | undefined) => {
    // yargs reports wrong usage as a message, and passes on an exception of a command as an error.
    if (message === null) throw error ?? new Error('unknown failure')
    process.stderr.write(`bootc-bound-images: ${message}\nTry bootc-bound-images --help.\n`)
    throw new UsageError(message)
  })

/** Wrong usage. The message has been printed already. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Runs a command line. */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  await parser.parseAsync(words)
}
