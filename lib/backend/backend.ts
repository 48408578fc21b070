/** A deployment on disk. */
export interface Deployment {
  /** Unique among the deployments on disk. */
  readonly name: string
  /** Its root directory. With composefs it must be mounted first, see `openRoot`. */
  readonly root: string
}

/** Where a staged deployment's /etc comes from, besides its own. */
export interface RunningEtc {
  /** /etc of the running system. */
  readonly local: string
  /** The same files as the running OS ships them, before local changes. */
  readonly booted: string
}

/**
 * How one kind of image-based host keeps its deployments. Everything else is the same for all kinds.
 *
 * `hostRoot` is the root directory of the running system, `/` except in tests. Other paths have no leading slash, and
 * are below it.
 */
export interface Backend {
  /** The service that makes a staged deployment the default when it is stopped. */
  readonly finalization: string
  /** The file that says what is staged. */
  readonly stagedFile: string
  /** The file that is there while our lock is set. */
  readonly lockFile: string
  /** The directory that changes with the list of deployments. */
  readonly listDirectory: string

  /**
   * @returns the contents of the file that says what is staged, or undefined if nothing is. Our own lock changes nothing.
   * @throws Error if the file cannot be read
   */
  readonly readStaged: (hostRoot: string) => Buffer | undefined
  /**
   * @param bytes from `readStaged`
   * @throws Error if they are damaged
   */
  readonly parseStaged: (hostRoot: string, bytes: Buffer) => Deployment
  /** Identifies the staging of what is staged. The same deployment may be staged again. */
  readonly stagingTime: (hostRoot: string) => bigint | undefined
  /** Whether somebody else has locked what is staged, so that a shutdown does not finalize it. */
  readonly isLocked: (hostRoot: string) => boolean
  /**
   * Has nothing finalized until the lock is removed, or another deployment is staged. A lock that somebody else has set
   * stays as it is.
   */
  readonly takeLock: (hostRoot: string) => void
  /** Whether our lock is set for what is staged. */
  readonly isLockOurs: (hostRoot: string) => boolean
  /** Removes the lock if it is ours. After a refusal without a reboot, it would hold back a later deployment. */
  readonly removeOurLock: (hostRoot: string) => void

  /** All deployments on disk. */
  readonly deployments: (hostRoot: string) => readonly Deployment[]
  /** The running deployment; undefined if it cannot be found. */
  readonly running: (hostRoot: string) => Deployment | undefined
  /** The deployment that a root belongs to, for example when it is mounted elsewhere. */
  readonly deploymentOf: (hostRoot: string, root: string) => Deployment | undefined
  /** Whether a root is that of the running system. */
  readonly isRunning: (hostRoot: string, root: string) => boolean
  /** The deployment that the boot loader starts by default; undefined if its entries cannot be found. */
  readonly defaultDeployment: (hostRoot: string) => Deployment | undefined

  /** Whether a root must be mounted before it can be read. */
  readonly needsMount: boolean
  /** The file of a root that configures how it is mounted at boot. The boot itself reads a copy in the initramfs. */
  readonly bootSettings: string
  /**
   * Whether a root boots with nothing in /etc but what it ships.
   *
   * @param text contents of `bootSettings`
   * @throws Error if it cannot be parsed
   */
  readonly hasTransientEtc: (text: string) => boolean
  /** The directory of a root with the /etc that it ships. */
  readonly shippedEtc: (root: string) => string
  readonly runningEtc: (hostRoot: string) => RunningEtc
  /** /etc of a deployment that is finalized, or was never staged. */
  readonly finalizedEtc: (hostRoot: string, root: string) => string
  /** Names of the stateroots of the running system and of a root, if these are different and have their own /var. */
  readonly otherStateroot: (
    hostRoot: string,
    root: string,
  ) => Readonly<Record<'mine' | 'other', string>> | undefined
}
