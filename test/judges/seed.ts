/** SEED=N makes the random tests try other values, for each N the same. */
export const seed = Number(process.env['SEED'] ?? 1)
