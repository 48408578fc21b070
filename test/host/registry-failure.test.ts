import t from 'tap'
import { registryFailure } from '../../lib/host/registry-failure.ts'

// The messages are those of skopeo 1.18.
t.test('each failure has its own remedy', t => {
  const remedies: Readonly<Record<string, RegExp>> = {
    'reading manifest 1 in r/a: manifest unknown': /^push the image/,
    'reading manifest 1 in r/a: StatusCode: 404, ""': /^push the image/,
    'reading manifest 1 in r/a: authentication required': /AuthFile=/,
    'reading manifest 1 in r/a: StatusCode: 403, ""': /AuthFile=/,
    'reading manifest 1 in r/a: denied: requested access to the resource is denied': /AuthFile=/,
    'reading manifest 1 in r/a: toomanyrequests: You have reached your limit': /^wait/,
    'pinging container registry r: Get "https://r/v2/": dial tcp: lookup r on 192.0.2.53:53: dial udp 192.0.2.53:53: connect: network is unreachable':
      /cannot resolve it/,
    'pinging container registry r: Get "https://r/v2/": dial tcp: lookup r: no such host':
      /cannot resolve it/,
    'pinging container registry r: Get "https://r/v2/": dial tcp 127.0.0.1:1: connect: connection refused':
      /address and port/,
    'pinging container registry r: Get "https://r/v2/": dial tcp 192.0.2.1:443: connect: network is unreachable':
      /address and port/,
    'the registry did not answer in time': /address and port/,
    'pinging container registry r: Get "https://r/v2/": http: server gave HTTP response to HTTPS client':
      /TLSVerify=false/,
    'pinging container registry r: Get "https://r/v2/": tls: first record does not look like a TLS handshake':
      /TLSVerify=false/,
    'pinging container registry r: Get "https://r/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority':
      /CertDir=/,
    'pinging container registry r: Get "https://r/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid':
      /^renew/,
    'choosing image instance: no image found in manifest list for architecture "arm64", variant "", OS "linux"':
      /Arch=/,
    'registry r/a is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d':
      /blocked = true/,
    'Source image rejected: Running image docker://r/a:1 is rejected by policy.': /policy\.json/,
    'something new': /skopeo inspect/,
  }
  for (const [message, remedy] of Object.entries(remedies))
    t.match(registryFailure(`Error parsing image name "docker://r/a:1": ${message}`), {
      reason: message,
      remedy,
    })
  t.end()
})
