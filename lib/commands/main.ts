#!/usr/bin/env node
// The command line. Exit status: 0 done, 1 failed, 2 wrong usage.
import yargs from 'yargs'
import packageJson from '../../package.json' with { type: 'json' }
import { describeError } from '../describe-error.ts'
import { bootCommand } from './boot.ts'
import { checkCommand } from './check.ts'
import { configCommand } from './config.ts'
import { flushCommand } from './flush.ts'
import { gateCommand } from './gate.ts'
import { repairCommand } from './repair.ts'
import { showCommand } from './show.ts'
import { stageCommand } from './stage.ts'
import { statusCommand } from './status.ts'

const parser = yargs(process.argv.slice(2))
  .scriptName('bootc-bound-images')
  .usage(
    '$0 COMMAND [OPTION]...\n\nGet the bound images of the next deployment on disk before it may become the default.',
  )
  .command(stageCommand)
  .command(statusCommand)
  .command(gateCommand)
  .command(showCommand)
  .command(checkCommand)
  .command(bootCommand)
  .command(repairCommand)
  .command(flushCommand)
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
    // yargs gives its own complaints as a message and what a command threw as an error.
    if (message === null) throw error ?? new Error('unknown failure')
    process.stderr.write(`bootc-bound-images: ${message}\nTry bootc-bound-images --help.\n`)
    throw new UsageError(message)
  })

class UsageError extends Error {}

// Whoever reads the output may stop reading, like head(1).
for (const stream of [process.stdout, process.stderr])
  stream.on('error', () => {
    process.exit(1)
  })

async function main(): Promise<void> {
  try {
    await parser.parseAsync()
  } catch (error) {
    process.exitCode = error instanceof UsageError ? 2 : 1
    if (!(error instanceof UsageError))
      process.stderr.write(`bootc-bound-images: ${describeError(error)}\n`)
  }
}

void main()
