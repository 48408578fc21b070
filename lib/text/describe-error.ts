/** An error and its causes on one line, outermost first: `staging: reading /x: permission denied`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.message
  return error.cause === undefined ? own : `${own}: ${describeError(error.cause)}`
}
