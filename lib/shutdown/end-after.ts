/**
 * Ends this process after a timeout.
 *
 * @param end reports the timeout, and returns the exit status
 * @returns cancels it
 */
export function endAfter(seconds: number, end: () => number): () => void {
  const timer = setTimeout(() => {
    process.exit(end())
  }, seconds * 1000)
  timer.unref()
  return () => clearTimeout(timer)
}
