import t from 'tap'
import { boundImages, imageSpec } from '../bound-images.ts'
import { Lab } from '../lab.ts'
import { makeLayer } from '../oci-image.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const registry = await lab.registry()
const base = makeLayer({ files: { base: 'x'.repeat(10_000) } })
const digest = await registry.push('web:1', { layers: [base], files: { id: 'web' } })
await registry.pushIndex('both:1', { amd64: {}, arm64: {} })
await registry.push('other:1', { architecture: 'riscv64' })

t.test('an image author hears of everything at once', async t => {
  const host = await lab.host()
  await host.commit('v2', {
    ...boundImages({
      'web.image': `[Image]\nImage=${registry.address}/web@${digest}\nTLSVerify=false\n`,
      'web.container': '[Container]\nImage=web.image\n',
      'both.image': imageSpec(registry, 'both:1', 'Arch=arm64'),
      'other.image': imageSpec(registry, 'other:1'),
      'gone.image': imageSpec(registry, 'gone:1'),
      'wrong.image': '[Image]\nImage=a b\nImgae=c\n',
    }),
    'usr/share/containers/systemd/unbound.container': '[Container]\nImage=quay.io/a/b:1\n',
  })
  await host.stage('v2')
  const root =
    '$(ls -d /ostree/deploy/debian/deploy/*.0 | while read d; do [ -e $d/usr/lib/bootc ] && echo $d; done)'

  const offline = await host.run(`bootc-bound-images check --root ${root}`)
  t.equal(offline.exitCode, 1)
  t.match(
    offline.stdout,
    /^\/.*wrong\.image:2: error: Image=: not an image reference: it holds white space \(write .*\) \[read for usr\/.*\]$/m,
  )
  t.match(offline.stdout, /wrong\.image:3: error: Imgae=: unknown key in \[Image\]/)
  t.match(offline.stdout, /both\.image:2: warning: Image=: the tag of .*both:1 can move/)
  t.match(offline.stdout, /unbound\.container: warning: its image quay\.io\/a\/b:1 is not bound/)
  t.match(offline.stdout, /both\.image:2: warning: Image=: no \.container or \.kube file uses/)
  t.notMatch(offline.stdout, /web@sha256.*(can move|no \.container)/)
  t.match(offline.stdout, /Bound images: 5, errors: 2, warnings: \d+$/)

  const github = await host.run(`bootc-bound-images check --format github --root ${root}`)
  t.equal(github.exitCode, 1)
  t.match(github.stdout, /^::error file=\/.*wrong\.image,line=3,title=.*::Imgae=: unknown key/m)
  t.strictSame(
    github.stdout.split('\n').filter(line => !/^::(?:error|warning|notice) [^:]*::[^:]/.test(line)),
    [],
  )

  const online = await host.run(`bootc-bound-images check --online --json --root ${root}`)
  t.equal(online.exitCode, 1)
  const { version, findings, registries } = JSON.parse(online.stdout)
  t.equal(version, 1)
  t.match(
    findings.filter((finding: { severity: string }) => finding.severity === 'error'),
    [
      { entry: /gone/, reason: /manifest unknown/, key: 'Image', line: 2 },
      { entry: /other/, reason: /is for riscv64, not/, remedy: /Arch=/ },
      { entry: /wrong/, key: /./ },
      { entry: /wrong/, key: /./ },
    ],
  )
  const images = new Map(
    registries.map((image: { image: string }) => [image.image.replace(/^[^/]*\//, ''), image]),
  )
  t.match(images.get('both:1'), { architecture: 'arm64' })
  const web = `web@${digest}`
  t.match(images.get(web), { presentBytes: 0 })
  await host.run(`podman image pull --tls-verify=false ${registry.address}/${web}`)
  const again = JSON.parse(
    (await host.run(`bootc-bound-images check --online --json --root ${root}`)).stdout,
  )
  const here = again.registries.find((image: { image: string }) => image.image.endsWith(web))
  t.ok(here.bytes > base.data.length, 'all layers count')
  t.equal(here.presentBytes, here.bytes, 'what was pulled is here')
  await host.kill()
})

/** How a finding about a spec begins. */
const where = (name: string, severity: string) =>
  `^/usr/share/os/usr/share/containers/systemd/${name}\\.image:2: ${severity}: Image=: `

/** A command as in the build of a container: it may not mount, it cannot write to the root, and it has no podman. */
const inBuild = (command: string) => {
  const capabilities =
    'chown dac_override fowner fsetid kill net_bind_service setfcap setgid setpcap setuid'
  const bounds = ['-all', ...capabilities.split(' ').map(each => `+${each}`)].join(',')
  const script = `for d in /run /tmp /var /; do
      if mountpoint -q $d; then mount -o remount,bind,ro $d; fi
    done
    export PATH=/run/bin
    exec setpriv --bounding-set=${bounds} --inh-caps=-all sh -c "${command}"`
  return `mkdir -p /run/bin && ln -sf /usr/bin/* /usr/sbin/* /run/bin/ && rm -f /run/bin/podman &&
    unshare --mount --propagation=private sh -c '${script}'`
}

t.test('in the build of a container, each failure has its own remedy', async t => {
  const user = { user: 'me', password: 'secret' }
  const secured = await lab.registry({ users: [user] })
  const trusted = await lab.registry({ tls: true })
  for (const each of [secured, trusted]) await each.push('web:1', { layers: [base] })
  const specs = boundImages({
    'a-good.image': `[Image]\nImage=${registry.address}/web@${digest}\nTLSVerify=false\n`,
    'b-login.image': imageSpec(secured, 'web:1', 'Creds=me:secret'),
    'c-gone.image': imageSpec(registry, 'gone:1'),
    'd-denied.image': imageSpec(secured, 'web:1'),
    'e-refused.image': '[Image]\nImage=127.0.0.1:1/web:1\n',
    'f-name.image': '[Image]\nImage=no.such.invalid/web:1\n',
    'g-plain.image': `[Image]\nImage=${registry.address}/web:1\n`,
    'h-trust.image': `[Image]\nImage=${trusted.address}/web:1\n`,
    'i-each.image': `[Image]\nImage=${registry.address}/web-%m:1\n`,
  })
  const below = Object.entries(specs).map(([path, file]) => [`usr/share/os/${path}`, file])
  const host = await lab.host({ v1: Object.fromEntries(below) })
  t.match(
    await host.run(inBuild('touch /x /run/x /var/x /tmp/x 2>&1; podman; mount -t tmpfs x /tmp')),
    {
      stdout: /(?:touch: .*Read-only file system\n?){4}/,
      stderr: /podman: not found\n.*(?:denied|not permitted)/,
    },
  )
  const check = 'bootc-bound-images check --online --root /usr/share/os'
  const { exitCode, stdout, stderr } = await host.run(inBuild(check))
  t.match({ exitCode, stderr }, { exitCode: 1, stderr: /^$/ })
  const lines = stdout.split('\n').filter(line => !line.includes(': warning: '))
  t.matchOnlyStrict(lines, [
    /^bootc-bound-images: note: what is already here is unknown: podman is not installed/,
    new RegExp(`${where('c-gone', 'error')}\\S+/gone:1: reading .*manifest unknown \\(push`),
    new RegExp(`${where('d-denied', 'error')}.*authentication required \\(give it a login`),
    new RegExp(`${where('e-refused', 'error')}.*connection refused \\(see whether the registry`),
    new RegExp(`${where('f-name', 'error')}.*lookup .* \\(correct the name of the registry`),
    new RegExp(`${where('g-plain', 'error')}.*HTTPS client \\(if the registry has no TLS`),
    new RegExp(`${where('h-trust', 'error')}.*unknown authority.* \\(put the CA`),
    new RegExp(`${where('i-each', 'note')}no registry was asked: with %m`),
    /^IMAGE +ARCHITECTURE +SIZE +ALREADY HERE$/,
    /\/web@sha256:\S+ +amd64 +\d+ B +-$/,
    /\/web:1 +amd64 +\d+ B +-$/,
    /^Bound images: 9, errors: 6, warnings: /,
  ])
  t.notMatch(stdout, 'secret')
  const json = JSON.parse((await host.run(inBuild(`${check} --json`))).stdout)
  t.match(json.registries, [{ presentBytes: null }, { presentBytes: null }])
  const left = await host.run('ls -d /dev/shm/* /tmp/boot* /var/lib/bootc-bound-images/layers.json')
  t.equal(left.stdout, '', 'nothing is left')
  // This podman may not even look at its store.
  const withPodman = await host.run(inBuild(check).replace('rm -f', 'ls'))
  t.match(
    withPodman.stdout,
    /^bootc-bound-images: note: .* unknown: podman image list .*read-only/m,
  )
  t.match(withPodman.stdout, /^Bound images: 9, errors: 6, /m)

  const without = await host.run(inBuild(check).replace('/run/bin/podman', '/run/bin/skopeo'))
  t.equal(without.exitCode, 1)
  t.match(
    without.stdout,
    /^bootc-bound-images: error: no registry was asked: skopeo is not .*install/,
  )
  t.match(without.stdout, /: warning: .* can move/)
  await host.kill()
})

t.test('podman obeys registries.conf and policy.json as check says', async t => {
  await registry.push('org/app:1', { layers: [base] })
  const image = `${registry.address}/org/app:1`
  const policies = [
    image,
    `${registry.address}/org/app`,
    `${registry.address}/org`,
    registry.address,
    '*.0.0.1',
    '*.1',
    '',
    // these are about other images
    `${registry.address}/org/app:2`,
    `${registry.address}/or`,
    '127.0.0.1',
    '*.127.0.0.1',
  ].map(scope =>
    JSON.stringify({
      default: [{ type: 'insecureAcceptAnything' }],
      transports: { docker: { [scope]: [{ type: 'reject' }] } },
    }),
  )
  const registries = [
    image,
    `${registry.address}/org/app`,
    `${registry.address}/or`,
    registry.address,
    '127.0.0.1',
    '*.0.1',
    '*.0.0.1',
    '*.27.0.0.1',
  ].map(prefix => `[[registry]]\nprefix = "${prefix}"\nlocation = "${prefix}"\nblocked = true`)
  const files = [
    ...[...policies, '{', '{"default": []}'].map(text => ['policy.json', text] as const),
    // podman allows * in a prefix alone.
    ...registries.map(
      text => ['registries.conf', text.replace(/\nlocation = "\*.*"/, '')] as const,
    ),
    ['registries.conf', 'registry = ['] as const,
  ]
  const host = await lab.host()
  const containers = '/tmp/os/etc/containers'
  await host.run(`mkdir -p ${containers} /tmp/os/usr/lib/bootc-bound-images/bound-images.d &&
    cp /etc/containers/policy.json /tmp/policy.json &&
    echo 'images = ["${image}"]' >/tmp/os/usr/lib/bootc-bound-images/bound-images.d/a.toml`)
  const seen: (string | undefined)[] = []
  for (const [name, text] of files) {
    const { stdout } = await host.run(`rm -f ${containers}/*; cp /tmp/policy.json ${containers}
      cat >${containers}/${name} <<'EOF'
${text}
EOF
      bootc-bound-images check --root /tmp/os >/dev/null; echo $?
      unshare --mount sh -c 'mount --bind ${containers} /etc/containers && exec podman pull --quiet --tls-verify=false ${image}' >/dev/null 2>&1
      [ $? = 0 ]; echo $?; podman rmi --all --force >/dev/null 2>&1`)
    const [checked, pulled] = stdout.split('\n')
    t.equal(checked, pulled, text)
    seen.push(pulled)
  }
  t.equal(seen.filter(status => status === '0').length, 7, 'the others are pulled')
  await host.kill()
})

t.test('usage, and a clean root', async t => {
  const host = await lab.host()
  t.match(await host.run('bootc-bound-images check --rooot /'), { exitCode: 2 })
  t.match(await host.run('bootc-bound-images check --json --format text'), { exitCode: 2 })
  t.match(await host.run('bootc-bound-images check --root /nowhere'), { exitCode: 1 })
  t.match(await host.run('bootc-bound-images check --root /var'), {
    exitCode: 1,
    stderr: /no directory usr/,
  })
  const clean = await host.run('bootc-bound-images check --strict --all')
  t.equal(clean.exitCode, 0)
  t.match(clean.stdout, /^No bound image in \/etc\/bootc\/bound-images\.d, \/run\/.*\.$/m)
  t.match(clean.stdout, 'Bound images: 0, errors: 0, warnings: 0')
  await host.kill()
})

t.test('what must be bound, and no warning', async t => {
  const host = await lab.host()
  const quadlets = '/tmp/os/usr/share/containers/systemd'
  const unbound = `printf '[Container]\nImage=${registry.address}/web@${digest}\n' >${quadlets}/web.container`
  t.match(await host.run(`mkdir -p ${quadlets} && ${unbound}`), { exitCode: 0 })
  const check = 'bootc-bound-images check --root /tmp/os'
  t.match(await host.run(check), {
    exitCode: 0,
    stdout: /^\/tmp\/os\/.*: warning: .* is not bound/,
  })
  t.match(await host.run(`${check} --strict`), { exitCode: 1, stdout: /: warning: / })
  t.match(await host.run(`${check} --all`), { exitCode: 1, stdout: /: error: .* is not bound/ })
  const specs = '/tmp/os/usr/lib/bootc-bound-images/bound-images.d'
  await host.run(`mkdir -p ${specs} && echo 'all = true' >${specs}/all.toml`)
  t.match(await host.run(`${check} --all --strict`), { exitCode: 0, stdout: /^Bound images: 1, / })
  await host.kill()
})

t.test('show prints what stage would generate, and changes nothing', async t => {
  const host = await lab.host()
  t.strictSame(await host.run('bootc-bound-images show'), { exitCode: 0, stdout: '', stderr: '' })
  await host.run('systemctl stop bootc-bound-images.path')
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.stage('v2')
  const shown = await host.run('bootc-bound-images show')
  t.equal(shown.exitCode, 0)
  t.match(shown.stdout, ` image pull --tls-verify=false ${registry.address}/web:1`)
  t.match(await host.run('ls /run/bootc-bound-images/units'), { exitCode: 2 })
  await host.run('systemctl start bootc-bound-images.target')
  const generated = await host.run(
    'cd /run/bootc-bound-images/units/ && for u in $(find * -type f | LC_ALL=C sort); do echo "---$u---"; cat $u; echo; done',
  )
  t.match(generated.stdout, `${registry.address}/web@sha256:`, 'staging has asked the registry')
  t.equal((await host.run('bootc-bound-images show')).stdout, generated.stdout)
  await host.kill()
})
