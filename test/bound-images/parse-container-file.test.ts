import t from 'tap'
import { parseContainerFile } from '../../lib/bound-images/parse-container-file.ts'
import { parseUnitFile } from '../../lib/quadlet/unit-file.ts'
import { makeContext } from './make-context.ts'

const context = makeContext(t, {
  'etc/auth.json': '{}',
  'usr/share/containers/containers.conf.modules/a.conf': '',
})
const parse = (text: string) =>
  parseContainerFile(parseUnitFile(`[Container]\n${text}`).unitFile, context)
const faultsOf = (text: string) => {
  const parsed = parse(text)
  return 'faults' in parsed ? parsed.faults : []
}

t.test('an image of its own, with the options that concern the pull', t => {
  const cases: readonly [lines: string, words: readonly string[]][] = [
    ['', ['|']],
    ['PublishPort=80:%i\nExec=sh -c "${X}"\nEnvironment=A=%H\nPull=never', ['|']],
    ['Retry=3\nRetryDelay=5s', ['|', '--retry', '3', '--retry-delay', '5s']],
    ['Retry=3\nRetry=', ['|']],
    ['GlobalArgs=--storage-opt=additionalimagestore=/usr/lib/bootc/storage', ['|']],
    [
      'ContainersConfModule=a.conf',
      [`--module=${context.root}/usr/share/containers/containers.conf.modules/a.conf`, '|'],
    ],
    [
      'PodmanArgs=--authfile /etc/auth.json --tls-verify=false',
      ['|', '--authfile', `${context.root}/etc/auth.json`, '--tls-verify=false'],
    ],
    [
      'PodmanArgs=--tls-verify --cpus 2 --arch=arm64 --os linux',
      ['|', '--tls-verify', '--arch=arm64', '--os', 'linux'],
    ],
    ['PodmanArgs=--hostname %H --env A=${B} --memory 1g', ['|']],
    ['PodmanArgs=--variant %w', ['|', '--variant', '13']],
  ]
  for (const [lines, expected] of cases) {
    const text = `Image=quay.io/a:1\n${lines}`
    const parsed = parse(text)
    t.match(parsed, { boundImage: { image: 'quay.io/a:1' } }, text)
    if (!('boundImage' in parsed)) continue
    const { globalOptions, options } = parsed.boundImage
    const words = [
      ...globalOptions.flatMap(each => each.words),
      '|',
      ...options.flatMap(each => each.words),
    ]
    t.strictSame(words, expected, text)
  }
  t.end()
})

t.test('the image of a .image file', t => {
  const cases: readonly [text: string, imageFile: string, line: number][] = [
    ['Image=web.image', 'web.image', 2],
    ['Image=x\nImage="db@one.image"', 'db@one.image', 3],
    ['Image=quay.io/web.image', 'quay.io/web.image', 2],
    ['Image=web.image\nRetry=3\nPodmanArgs=--arch=arm64', 'web.image', 2],
  ]
  for (const [text, imageFile, line] of cases)
    t.match(parse(text), { imageFile, place: { line } }, text)
  t.end()
})

t.test('what is refused, with line, key and reason', t => {
  const cases: readonly [text: string, line: number | undefined, key: string, reason: RegExp][] = [
    ['', undefined, 'Image', /no Image= in \[Container\]/],
    ['Image=', 2, 'Image', /no Image=/],
    ['Image=a b', 2, 'Image', /not an image reference/],
    ['Image=oci-archive:/usr/x.tar', 2, 'Image', /an image from oci-archive: needs a name/],
    ['Image=web.build', 2, 'Image', /built on the host/],
    ['Image=%w.image', 2, 'Image', /does not expand specifiers/],
    ['Image=quay.io/%b', 2, 'Image', /specifier %b/],
    ['Image=quay.io/a\\\nb', 2, 'Image', /several lines/],
    ['Rootfs=/x', 2, 'Rootfs', /no image/],
    ['Image=quay.io/a\nRootfs=/x', 3, 'Rootfs', /no image/],
    ['Image=quay.io/a\nAuthFile=/etc/auth.json', 3, 'AuthFile', /unknown key in \[Container\]/],
    ['Image=web.image\nExce=1', 3, 'Exce', /unknown key/],
    ['Image=quay.io/a\nRetry=many', 3, 'Retry', /not a number/],
    ['Image=quay.io/a\nContainersConfModule=b.conf', 3, 'ContainersConfModule', /no module/],
    ['Image=quay.io/a\nPodmanArgs=--cpus 2 --creds', 3, 'PodmanArgs', /--creds requires a value/],
    ['Image=quay.io/a\nPodmanArgs=--arch ${ARCH}', 3, 'PodmanArgs', /variables/],
    ['Image=quay.io/a\nPodmanArgs="--arch', 3, 'PodmanArgs', /unterminated "/],
  ]
  for (const [text, line, key, reason] of cases) {
    t.match(faultsOf(text), [{ line, key, reason }], text)
    t.equal(faultsOf(text).length, 1, text)
  }
  t.end()
})

t.test('every key of Quadlet 5.8 is known', t => {
  const keys = [
    'AddCapability',
    'AddDevice',
    'AddHost',
    'Annotation',
    'AppArmor',
    'AutoUpdate',
    'CgroupsMode',
    'ContainerName',
    'DNS',
    'Entrypoint',
    'Environment',
    'EnvironmentFile',
    'Exec',
    'GIDMap',
    'Group',
    'HealthCmd',
    'HostName',
    'HttpProxy',
    'IP',
    'Label',
    'LogDriver',
    'Mask',
    'Memory',
    'Mount',
    'Network',
    'Notify',
    'PidsLimit',
    'Pod',
    'PublishPort',
    'ReadOnly',
    'ReloadCmd',
    'RunInit',
    'Secret',
    'ServiceName',
    'ShmSize',
    'StartWithPod',
    'StopTimeout',
    'Sysctl',
    'Timezone',
    'Tmpfs',
    'Ulimit',
    'User',
    'UserNS',
    'Volume',
    'WorkingDir',
  ]
  t.strictSame(faultsOf(`Image=quay.io/a\n${keys.map(key => `${key}=x`).join('\n')}`), [])
  t.end()
})
