// The program. Exit status: 0 success, 1 failure, 2 wrong usage.
import { describeError } from '../text/describe-error.ts'
import { runCommandLine, UsageError } from './command-line.ts'

// Run Go's garbage collector less often: podman and skopeo run many times for little work, and it takes much of that.
process.env['GOGC'] ??= '400'

// The reader of the output may close it early, like head(1).
for (const stream of [process.stdout, process.stderr])
  stream.on('error', () => {
    process.exit(1)
  })

runCommandLine(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof UsageError
  process.exitCode = isUsage ? 2 : 1
  if (!isUsage) process.stderr.write(`bootc-bound-images: ${describeError(error)}\n`)
})
