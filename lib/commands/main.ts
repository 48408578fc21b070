// The program. Exit status: 0 done, 1 failed, 2 wrong usage.
import { describeError } from '../text/describe-error.ts'

// podman and skopeo are started many times for little work, of which collecting garbage is a good part.
process.env['GOGC'] ??= '400'

// Whoever reads the output may stop reading, like head(1).
for (const stream of [process.stdout, process.stderr])
  stream.on('error', () => {
    process.exit(1)
  })

async function main(words: readonly string[]): Promise<void> {
  // What is started at each staging does not wait for yargs, which takes as long as Node itself.
  if (words.join(' ') === 'stage') {
    const { stageNext } = await import('./stage.ts')
    await stageNext({ root: undefined, wait: false })
    return
  }
  const { runCommandLine } = await import('./command-line.ts')
  await runCommandLine(words)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof Error && error.name === 'UsageError'
  process.exitCode = isUsage ? 2 : 1
  if (!isUsage) process.stderr.write(`bootc-bound-images: ${describeError(error)}\n`)
})
