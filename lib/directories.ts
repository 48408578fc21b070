/** State of one boot: rendered units, credentials, the lock and the last staging. */
export const runtimeDirectory = '/run/bootc-bound-images'

/** Lock file. A pull of an artifact and the naming of artifacts both change podman's list of artifacts. */
export const artifactLock = `${runtimeDirectory}/artifacts-lock`

/** Files with the credentials that specs contain. */
export const credentialsDirectory = `${runtimeDirectory}/credentials`

/** One directory for each deployment whose pulls need their own /etc/containers. */
export const containersDirectories = `${runtimeDirectory}/containers`

/** Where roots of deployments are mounted, see units/programs/mount-root. */
export const rootsDirectory = `${runtimeDirectory}/roots`

/** The root of the running system. */
export const hostRoot = '/'

/** State that must survive a reboot: records of pulls, marks of unfinished pulls, the last refusal. */
export const stateDirectory = '/var/lib/bootc-bound-images'
