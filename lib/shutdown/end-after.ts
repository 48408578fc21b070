/**
 * Ends this process when it has taken too long.
 *
 * @param end says so, and returns the exit status
 */
export function endAfter(seconds: number, end: () => number): void {
  const timer = setTimeout(() => {
    process.exit(end())
  }, seconds * 1000)
  timer.unref()
}
