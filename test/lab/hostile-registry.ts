import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { setInterval } from 'node:timers'

/** Answers one request for a manifest. */
type Answer = (outgoing: ServerResponse, incoming: IncomingMessage) => void

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const digest = `sha256:${'ab'.repeat(32)}`
const controls = '\u001b[31m\u009b31m\u202e\n<0>forged\n[Service]\nExecStart=/bin/touch /run/evil\n'

const body =
  (text: string | Buffer, headers: Readonly<Record<string, string>> = {}, status = 200): Answer =>
  outgoing => {
    outgoing.writeHead(status, { 'content-type': MANIFEST, ...headers })
    outgoing.end(text)
  }
const json = (value: unknown, type = MANIFEST) =>
  body(JSON.stringify(value), { 'content-type': type })
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 10 }
const manifest = (more: object) => json({ schemaVersion: 2, mediaType: MANIFEST, config, ...more })
const layer = (more: object) => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest,
  size: 10,
  ...more,
})
const layers = (...all: readonly unknown[]) => manifest({ layers: all })
const index = (...all: readonly unknown[]) =>
  json({ schemaVersion: 2, mediaType: INDEX, manifests: all }, INDEX)
const amd64 = { os: 'linux', architecture: 'amd64' }
const headers = (status: number, more: Readonly<Record<string, string>>) => body('', more, status)
const error = (status: number, message: string) =>
  body(JSON.stringify({ errors: [{ code: message, message, detail: message }] }), {}, status)
const endless =
  (chunk: string, milliseconds: number): Answer =>
  outgoing => {
    outgoing.writeHead(200, { 'content-type': MANIFEST })
    const timer = setInterval(() => outgoing.write(chunk), milliseconds)
    outgoing.once('close', () => clearInterval(timer))
  }
const raw =
  (text: string): Answer =>
  (_outgoing, { socket }) => {
    socket.end(text)
  }

/** A manifest with a byte that is not UTF-8: its digest is that of the bytes. */
export const latin1 = Buffer.from(
  '{"schemaVersion":2,"annotations":{"a":"\u00e9"},"layers":[]}',
  'latin1',
)

/** By the name of the image. */
export const hostileAnswers: Readonly<Record<string, Answer>> = {
  'empty-body': body(''),
  null: json(null),
  list: json([]),
  text: json('text'),
  true: json(true),
  'no-json': body('not JSON'),
  truncated: body('{"schemaVersion": 2, "layers": [{'),
  html: body('<html><script>alert(1)</script>', { 'content-type': 'text/html' }),
  'layers-null': manifest({ layers: null }),
  'layers-object': manifest({ layers: { length: 5 } }),
  'layer-null': layers(null, 5, 'x', []),
  'size-text': layers(layer({ size: '10' })),
  'size-negative': layers(layer({ size: -5 })),
  'size-huge': body(
    `{"schemaVersion":2,"config":${JSON.stringify(config)},"layers":[{"digest":"${digest}","size":1e308}]}`,
  ),
  'size-exact': layers(layer({ size: Number.MAX_SAFE_INTEGER })),
  'size-terabyte': layers(layer({ size: 9e11 })),
  'size-null': layers(layer({ size: null })),
  'digest-lines': layers(layer({ digest: `sha256:${controls}` })),
  'digest-option': layers(layer({ digest: '--all-tags' })),
  'digest-specifier': layers(layer({ digest: 'sha256:%n$X${Y}' })),
  'digest-number': layers(layer({ digest: 5 })),
  'layers-many': layers(
    ...Array.from({ length: 24_000 }, (_, at) =>
      layer({ digest: `sha256:${at.toString(16).padStart(64, '0')}` }),
    ),
  ),
  nested: body(`{"layers":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  'nested-objects': body(`${'{"manifests":[{"a":'.repeat(20_000)}1${'}]}'.repeat(20_000)}`),
  'five-megabytes': body(`{"schemaVersion":2,"annotations":{"a":"${'x'.repeat(5_000_000)}"}}`),
  'hundred-megabytes': endless('x'.repeat(1_000_000), 5),
  'index-empty': index(),
  'index-digest-lines': index({
    mediaType: MANIFEST,
    digest: `sha256:${controls}`,
    size: 1,
    platform: amd64,
  }),
  'index-digest-option': index({
    mediaType: MANIFEST,
    digest: '--tls-verify',
    size: 1,
    platform: amd64,
  }),
  'index-many': index(
    ...Array.from({ length: 10_000 }, () => ({
      mediaType: MANIFEST,
      digest,
      size: 1,
      platform: amd64,
    })),
  ),
  'index-of-index': index({ mediaType: INDEX, digest, size: 1, platform: amd64 }),
  'index-platforms': index({
    mediaType: MANIFEST,
    digest,
    size: 1,
    platform: { os: controls, architecture: ['amd64'] },
  }),
  'index-null': index(null, 5),
  schema1: json(
    { schemaVersion: 1, name: controls, fsLayers: [], history: [] },
    'application/vnd.docker.distribution.manifest.v1+json',
  ),
  'type-unknown': body('{}', { 'content-type': 'application/x-evil' }),
  'type-controls': body('{}', { 'content-type': 'text/\u009b31m' }),
  'digest-header': body('{}', { 'docker-content-digest': `sha256:${'cd'.repeat(32)}` }),
  'digest-header-bad': body('{}', { 'docker-content-digest': '--all-tags' }),
  'auth-file': headers(401, {
    'www-authenticate': 'Bearer realm="file:///etc/shadow",service="x"',
  }),
  'auth-self': headers(401, {
    'www-authenticate': 'Bearer realm="http://127.0.0.1:1/",service="x"',
  }),
  'auth-long': headers(401, { 'www-authenticate': `Bearer realm="${'x'.repeat(10_000)}"` }),
  'redirect-file': headers(302, { location: 'file:///etc/passwd' }),
  'redirect-loop': (outgoing, incoming) =>
    headers(307, { location: incoming.url ?? '' })(outgoing, incoming),
  'redirect-nowhere': headers(307, { location: 'http://127.0.0.1:1/' }),
  'error-controls': error(404, controls),
  'error-long': error(400, 'x'.repeat(900_000)),
  'error-denied': error(403, `denied: ${controls}`),
  'retry-after': headers(429, { 'retry-after': '99999999' }),
  hang: () => undefined,
  loris: endless(' ', 1000),
  'headers-endless': (_outgoing, { socket }) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const timer = setInterval(() => socket.write(`x-${Math.random()}: ${'y'.repeat(8000)}\r\n`), 20)
    socket.once('close', () => clearInterval(timer))
    socket.on('error', () => clearInterval(timer))
  },
  latin1: body(latin1),
  'duplicate-keys': body(`{"layers":[],"layers":null,"manifests":[],"manifests":{}}`),
  proto: body(
    '{"__proto__":{"layers":[]},"constructor":{"prototype":{"x":1}},"layers":[{"__proto__":{"size":1}}]}',
  ),
  bom: body('\ufeff{"schemaVersion":2}'),
  'gzip-bomb': (outgoing, incoming) =>
    body(gzipSync(Buffer.alloc(100_000_000)), { 'content-encoding': 'gzip' })(outgoing, incoming),
  'too-short': raw('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{'),
  'no-http': raw('220 smtp ready\r\n'),
  'no-content': headers(204, {}),
  'partial-content': body('{"schema', {}, 206),
  'chunk-garbage': raw('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
}

/** A registry of which each image has another hostile answer. Stops with the process that tests. */
export async function startHostileRegistry(): Promise<{ readonly address: string; stop(): void }> {
  const server = createServer((incoming, outgoing) => {
    outgoing.on('error', () => undefined)
    const [, name] = /^\/v2\/([^/]+)\//u.exec(incoming.url ?? '') ?? []
    const answer = name === undefined ? body('{}') : hostileAnswers[name]
    ;(answer ?? headers(404, {}))(outgoing, incoming)
  })
  server.requestTimeout = 0
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const found = server.address()
  const port = found !== null && typeof found === 'object' ? found.port : 0
  return {
    address: `127.0.0.1:${port}`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
