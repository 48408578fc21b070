/** Everything of one boot: rendered units, the lock, what staging has seen. */
export const runtimeDirectory = '/run/bootc-bound-images'

/** The root of the running system. */
export const hostRoot = '/'
