import { brokenByte } from './spec-file.ts'

// What the random .image files are made of. `*` is different in each file of a batch.

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

// prettier-ignore
export const tidyImages: readonly string[] = [
  'registry.example/*/app:1', `registry.example:5000/*/app@${digest}`, 'quay.io/*/b:v1.0_x-y', 'localhost/*:1',
  '[::1]:5000/*:1', '"registry.example/*:1"', 'registry.example/%p/*:%w', '%o.example/*:%W', 'registry.example/*:1',
  'registry.example/*', 'docker.io/*', `registry.example/*:1@${digest}`, 'docker://registry.example/*:1',
]

/** Values that people write, by key. */
// prettier-ignore
export const tidyValues: Readonly<Record<string, readonly string[]>> = {
  AllTags: ['false', 'off'],
  Arch: ['arm64', 'amd64', '%a', ''],
  AuthFile: [
    '/etc/auth.json', '%E/auth.json', '/usr/lib/auth.json', '/etc/a b.json', '"/etc/a b.json"', '/etc/x$y%%z.json', '',
    '/etc/nowhere/%N.json', '/run/x/auth.json', '%t/%p-%i.json', '%S/%j.json', '/etc/a#b;c.json', "/etc/it's.json",
    '/etc/a\\b.json', '/etc/a=b.json', '/etc/$$x.json', '/etc/ä€.json',
  ],
  CertDir: ['/usr/share/certs', '/etc/containers/certs.d', '/var/lib/%o-%w-%W-%M-%A%B', ''],
  ContainersConfModule: ['lab.conf', '/usr/share/module.conf', '%E/containers/containers.conf.modules/lab.conf', '', '/usr/share/engine.conf'],
  Creds: ['user:pass', 'user:p#s;s w%%o$$r"d', '"user:pass"', 'user:a:b\\n', "u:'x'", ''],
  DecryptionKey: [
    '/usr/lib/keys/key.pem', '/usr/lib/keys/key.pem:secret', '/usr/lib/keys/key.pem:pass=s %%', '',
    '/usr/lib/keys/key.pem:file=/usr/lib/keys/passphrase',
  ],
  ImageTag: ['registry.example/*:1', ''],
  OS: ['linux', '"linux"', ''],
  Policy: ['always', 'missing', 'newer', ''],
  Retry: ['3', '0', ''],
  RetryDelay: ['10s', '1m30s', ''],
  ServiceName: ['*-service', 'my-*', '*', '"*.v1"', 'x-*@y'],
  TLSVerify: ['true', 'false', 'no', 'ON', '0', '"yes"'],
  Variant: ['v8', ''],
}

/** Values that are wrong somewhere, or that somebody reads in another way. */
// prettier-ignore
export const oddValues: readonly string[] = [
  'a b', '"a', 'a"', '""', '""a""', '"a" "b"', "'a'", '"', "'", '-x', '--all-tags', '/etc/auth.json', 'etc/x',
  '%', '%%', '%Z', '%b', '%m', '%H', '%y', '%n', '%N', '%p', '%P', '%i', '%I', '%j', '%J', '%f', '%D', '%5', '% ',
  '$X', '${X}', 'a$b', 'a${b', '$$', '$', 'a$', '\\x41', 'a\\b', '\\', 'a\\\\', 'ä', '😀', '\uffff', '\ufdd0',
  'x\u00a0', '\u2028x', 'a\u0085', 'a\u00a0b', '\ufeffx', 'a\tb', 'a\u000bb', '\u000cx', '\u0001', '\u007f', '\0', 'a\rb',
  'y', 'ja', 'ture', 'TRUE', '1', '10', '-1', '1.5', 'true false', 'user', ':pass', 'user:', 'a:b:c', '', brokenByte,
  'web.image', 'app.build', 'busybox', 'a/b', 'UPPER.example/Case', 'registry.example/a:b:c', 'registry.example/x@sha256:12',
  'oci:/usr/lib/images/oci', 'docker-archive:/usr/lib/images/app.tar', 'containers-storage:x', 'dir:x', 'docker-daemon:x/y',
  '/usr/lib/nowhere', '/etc/../usr/lib/auth.json', '/etc//auth.json', '/etc/./auth.json/', '../x', '*.service', 'a/../b',
]

/** Lines that are wrong somewhere, or that somebody reads in another way. */
// prettier-ignore
export const oddLines: readonly string[] = [
  'Bogus=1', 'X-Mine=1', 'image=x', 'Image', 'Image =', '=x', 'Arch', 'Arch = = x', '\\', '\\\n', 'Key\\\n=x', 'Arch=a\\\r\n',
  '[Image', '[Image] x', '[Foo=bar', '[ Image ]', '[]', '[Ima]ge]', '[Image]# c', '[image]', '[X-A.B]\nImage=x',
  '[Quadlet]\nBogus=1', '[Quadlet]\nDefaultDependencies=ja', '[Service]\nEnvironment=X=1',
  '[Service]\nEnvironment=X=1 CONTAINERS_CONF=/x', '[Unit]\nAfter=nowhere.image',
  '[Unit]\nAfter=nowhere.container\nWants=x.service', '[Container]\nImage=registry.example/x:1', '[Container]\nBogus=1',
  '__proto__=1', '[__proto__]\na=b', 'Arch=arm\\\n64', 'Arch=\\\narm64', 'Arch=arm64 \\\n\n', 'Arch=arm64 \\\n# c',
  'Arch=arm64\\ \nOS=linux', 'Arch=x\\\\', 'Arch=arm64\\\n[Service]', 'PodmanArgs=--qu\\\niet', 'PodmanArgs=--quiet\\\n--syslog',
  'AllTags=true', 'AllTags=1', 'PodmanArgs=--platform=linux/arm64', 'PodmanArgs=--platform linux/arm64/v8', 'Creds=me',
  'Image=docker-archive:/usr/lib/images/app.tar\nImageTag=registry.example/*:1', 'Image=oci:/usr/lib/images/oci:x\nImageTag=*:1',
  'Image=oci:/usr/lib/images/oci', 'ServiceName=', 'ServiceName=../*', 'ServiceName=a *', 'Retry=x', 'RetryDelay=10',
  'Policy=maybe',
]

export type Option = readonly string[]

// prettier-ignore
export const tidyPodmanArgs: readonly Option[] = [
  ['--quiet'], ['-q'], ['--tls-verify'], ['--tls-verify=false'], ['--arch=arm64'], ['--arch', 'arm64'], ['--os', 'linux'],
  ['--authfile', '/etc/a b.json'], ['--authfile=%E/auth.json'], ['--authfile=/etc/x$y%%z.json'], ['--variant=v7'],
  ['--authfile', "/var/it's.json"], ['--authfile=/run/%n.json'], ['--cert-dir', '/usr/share/certs'], ['--retry=3'],
  ['--retry-delay', '1s'], ['--policy=missing'], ['--disable-content-trust'],
]

// prettier-ignore
export const tidyGlobalArgs: readonly Option[] = [
  ['--log-level=debug'], ['--log-level', 'error'], ['--syslog'], ['--cgroup-manager=cgroupfs'], ['--events-backend', 'file'],
  ['--module', '/usr/share/module.conf'], ['--module=lab.conf'],
]

/** Words for lists of options, in the syntax of the file. */
// prettier-ignore
export const oddWords: readonly string[] = [
  '""', "''", ';', '\\;', '";"', '\\q', '\\xe9', '\\351', '\\u00e9', '\\x00', '\\u0000', '\\x4', '"open', "'open", '\\s',
  '\\x25h', '\\x24X', '%h', '%Z', '%b', '$X', '${X}', 'a${X}', '$$X', '\\n', '"a\\tb"', '\\', '\\\\', '\u0001', 'ä', '\\ud800',
  '\\U0001f600', '\\U00110000', 'a\u00a0b', '#', '# x', 'registry.example/other:1', '--', '-', '--all-tags', '-a', '-qa', '-aq',
  '--all-tags=false', '--bogus', '-h', '--help', '--creds=a:b', '--decryption-key=/usr/lib/keys/key.pem', '--arch=', '--arch=a/b',
  '--decryption-key=/usr/lib/keys/key.pem:x', '--tls-verify=maybe', '--authfile', '--retry=x', '--platform=linux/arm64',
  '--authfile=rel', '--policy=maybe', '--root=/x', '--runroot', '--remote', '--url=x', '--connection=x', '--identity=x',
  '--storage-driver=vfs', '--imagestore=/x', '--log-level', '--module=none.conf', '--storage-opt=a=b',
]

// prettier-ignore
export const otherSections: readonly string[] = [
  '[Unit]\nDescription=a "b" %n\n', '[Install]\nWantedBy=multi-user.target\n', '[Quadlet]\nDefaultDependencies=false\n',
  '[X-Mine]\nAnything=1 \\\n 2\n', '[Service]\nTimeoutStartSec=900\n',
]

// prettier-ignore
export const comments: readonly string[] = ['', '# comment', '; comment', '  # Image=other', ' \t', '#\\', '# Arch=x \\']

/** What stands between two words of a list. */
// prettier-ignore
export const blanks: readonly string[] = [
  ' ', ' ', ' ', '  ', '\t', ' \\\n', ' \\\n  ', '\t\\\r\n\t', ' \\\n# comment\n ; more\n',
]

/** What is put anywhere into a text. */
// prettier-ignore
export const pieces: readonly string[] = [
  '"', "'", '\\', '%', '$', '#', ';', '=', '[', ']', ' ', '\t', '\n', '\r', '\\\n', '\\\n\n', '\n#', '\n[', '\n ', '\r\n', '-', ':',
  '@', '/', '\u00a0', '\u2028', '\ufeff', '\0', '\u000b', '%h', '$X', '\\x41', brokenByte, 'ä', '\uffff', '[Image]\n',
]
