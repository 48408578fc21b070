/** Why skopeo could not inspect an image in a registry, and what helps. */
export interface RegistryFailure {
  readonly reason: string
  readonly remedy: string
}

/** What skopeo and the libraries below it print. The first pattern that matches counts. */
const remedies: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /manifest unknown|name unknown|repository name not known|StatusCode: 404/u,
    'push the image, or correct its name or tag',
  ],
  [
    /authentication required|unauthorized|denied|StatusCode: 40[13]|invalid username\/password/u,
    'give it a login that may read it, with AuthFile= or Creds=; some registries answer so if there is no such image',
  ],
  [/toomanyrequests|too many requests|StatusCode: 429/iu, 'wait, or log in for a higher limit'],
  [
    /dial \w+: lookup |no such host/u,
    'correct the name of the registry; if it is right, this machine cannot resolve it',
  ],
  [
    /connection refused|no route to host|network is unreachable|i\/o timeout|did not answer in time/u,
    'see whether the registry runs at this address and port, and whether this machine may connect to it',
  ],
  [
    /server gave HTTP response to HTTPS client|first record does not look like a TLS handshake/u,
    'if the registry has no TLS, set TLSVerify=false, or insecure = true for it in registries.conf',
  ],
  [
    /certificate signed by unknown authority/u,
    'put the CA of the registry into CertDir=, or into certs.d below /etc/containers',
  ],
  [/x509: /u, 'renew or correct the certificate of the registry'],
  [
    /no image found in .* for architecture/u,
    'push an image for this architecture, or set Arch= to one that there is',
  ],
  [/is blocked in /u, 'remove blocked = true from registries.conf'],
  [/rejected by policy/u, 'allow the image in policy.json'],
]

/**
 * Turns a message of skopeo into a reason and a remedy. Leaves out that it was "parsing image name": the name is right
 * whenever a registry was asked.
 */
export function registryFailure(message: string): RegistryFailure {
  const reason = message.replace(/^Error parsing image name "[^"]*": /u, '')
  const [, remedy] = remedies.find(([pattern]) => pattern.test(reason)) ?? []
  return { reason, remedy: remedy ?? 'see whether skopeo inspect of the image succeeds here' }
}
