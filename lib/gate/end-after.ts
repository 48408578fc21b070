import { recordRefusal } from './refusal.ts'

/**
 * Ends this process when it has taken too long, with a refusal on record.
 *
 * @param setting the key that says how long
 * @param deployment name for people
 * @returns what calls it off
 */
export function endAfter(seconds: number, setting: string, deployment: string): () => void {
  const timer = setTimeout(() => {
    const error = `looking at the images took more than ${seconds} s (${setting})`
    process.stderr.write(`${deployment} must not become the default: ${error}\n`)
    recordRefusal({ deployment, time: new Date().toISOString(), error, images: [] })
    process.exit(1)
  }, seconds * 1000)
  timer.unref()
  return () => {
    clearTimeout(timer)
  }
}
