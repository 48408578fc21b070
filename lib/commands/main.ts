// The program. Exit status: 0 done, 1 failed, 2 wrong usage.
import { describeError } from '../text/describe-error.ts'
import { runCommandLine, UsageError } from './command-line.ts'

// podman and skopeo are started many times for little work, of which collecting garbage is a good part.
process.env['GOGC'] ??= '400'

// Whoever reads the output may stop reading, like head(1).
for (const stream of [process.stdout, process.stderr])
  stream.on('error', () => {
    process.exit(1)
  })

runCommandLine(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof UsageError
  process.exitCode = isUsage ? 2 : 1
  if (!isUsage) process.stderr.write(`bootc-bound-images: ${describeError(error)}\n`)
})
