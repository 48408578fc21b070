/** Everything of one boot: rendered units, credentials, the lock, what staging has seen. */
export const runtimeDirectory = '/run/bootc-bound-images'

/** Credentials that stand in specs. */
export const credentialsDirectory = `${runtimeDirectory}/credentials`

/** For each deployment that needs one, the /etc/containers that its pulls see. */
export const containersDirectories = `${runtimeDirectory}/containers`

/** The root of the running system. */
export const hostRoot = '/'

/** What must survive a reboot: records, the mark of unfinished pulls, the last refusal. */
export const stateDirectory = '/var/lib/bootc-bound-images'
