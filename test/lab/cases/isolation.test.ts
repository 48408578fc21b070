// The isolation of the units as they are installed: what must work does, and what must not does not.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { boundImages, configured, fewQuickTries, imageSpec, imagesOn } from '../bound-images.ts'
import { authJson } from '../containers-files.ts'
import { hardImage } from '../hard-image.ts'
import { type Files, type Host, Lab, makeOciArchive } from '../lab.ts'
import { isPulling } from '../until.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const shop = { user: 'shop', password: 'correct horse' }
const registry = await lab.registry()
const closed = await lab.registry({ users: [shop] })
await registry.push('hard:1', hardImage())
for (const image of ['web:1', 'signed:1', 'unsigned:1'])
  await registry.push(image, { bytes: 100_000 })
await closed.push('web:1')
const at = (image: string) => `${registry.address}/${image}`
const start = 'systemctl start bootc-bound-images.target'

/** Writes an archive of every file of every layer in a store, with owner, mode, device and attributes. */
const archive = (store: string, file: string) =>
  `tar -C ${store}/overlay --create --file=${file} --sort=name --numeric-owner --format=pax --mtime=@0 \
     --pax-option=delete=atime,delete=ctime,delete=mtime --xattrs --xattrs-include='*' \
     $(cd ${store}/overlay && printf '%s\n' */diff)`

/** As on a host that has never run podman. */
const forgetPodman = `
  systemctl mask --now --runtime --quiet podman.socket podman.service podman-auto-update.timer
  rm -rf /run/containers /run/libpod /run/crun /run/lock/netavark.lock /dev/shm/libpod_lock \
    /etc/cni /var/lib/cni /var/cache/containers /var/lib/containers/*`

t.test('the first pull ever, of an image with everything that takes privileges', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.run(forgetPodman)
  await host.commit('v2', boundImages({ 'hard.image': imageSpec(registry, 'hard:1') }))
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const unconfined = await host.run(
    `podman --root /var/plain --runroot /run/plain image pull --tls-verify=false ${at('hard:1')}`,
  )
  t.equal(unconfined.exitCode, 0, unconfined.stderr)
  const { stdout } = await host.run(`
    ${archive('/var/lib/containers/storage', '/var/confined.tar')}
    ${archive('/var/plain', '/var/unconfined.tar')}
    cmp /var/confined.tar /var/unconfined.tar && tar --list --verbose --file=/var/confined.tar
    echo attributes: $(grep --text --count SCHILY.xattr /var/confined.tar)`)
  // So that there was something to compare.
  for (const line of [
    /^drwxrwxrwt 5\/6 .*\/sticky\/$/m,
    /^-r-------- 1234\/1234 .*\/private\/file$/m,
    /^-rwsr-xr-x 1000\/1000 /m,
    /^h.* link to /m,
    /^crw-rw-rw- 0\/0 +1,3 .*\/null$/m,
    /^brw-rw---- 0\/6 +8,0 .*\/disk$/m,
    /^c--------- 0\/0 +0,0 .*\/gone$/m,
    /^prwxr-xr-x 33\/0 .*\/fifo$/m,
    /^attributes: 3$/m,
  ])
    t.match(stdout, line)
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2')
  t.strictSame(await imagesOn(host, [at('hard:1')]), [at('hard:1')])
  await host.kill()
})

t.test('several at a time, one of them from a file in /var', async t => {
  const images = ['hard:1', 'web:1', 'signed:1', 'unsigned:1']
  const host = await lab.host({ v1: fewQuickTries })
  const directory = join(host.sysroot, 'ostree/deploy/debian/var/lib/shop')
  mkdirSync(directory)
  writeFileSync(join(directory, 'file.tar'), makeOciArchive(hardImage(), 'file:1'))
  await host.commit(
    'v2',
    boundImages({
      ...Object.fromEntries(images.map(image => [`${image}.image`, imageSpec(registry, image)])),
      'file.image': '[Image]\nImage=oci-archive:/var/lib/shop/file.tar\nImageTag=file:1\n',
    }),
  )
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const names = [...images.map(at), 'localhost/file:1']
  t.strictSame(await imagesOn(host, names), names)
  await host.kill()
})

t.test('files below /root, of which no other user may know', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.run(`
    umask 077; mkdir -p /root/shop
    echo '${authJson(shop, closed.address)}' >/root/shop/auth.json
    echo 'spec: { containers: [{ image: "${at('web:1')}" }] }' >/root/shop/pods.yaml`)
  await host.commit(
    'v2',
    boundImages({
      'web.image': imageSpec(closed, 'web:1', 'AuthFile=/root/shop/auth.json'),
      'pods.kube': '[Kube]\nYaml=/root/shop/pods.yaml\nPodmanArgs=--tls-verify=false\n',
    }),
  )
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(closed.servedTo('web'), ['shop'])
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v2', 'the gate finds it too')
  await host.kill()
})

/** Makes images that the host has signed: `signed:1` in files, and `attached:1`, if it can, in the registry. */
const sign = `
  set -e
  export GNUPGHOME=/root/gnupg
  mkdir -m 700 $GNUPGHOME
  gpg --batch --quiet --passphrase '' --quick-generate-key shop@example.com
  gpg --armor --export shop@example.com >/etc/containers/shop.asc
  skopeo inspect --tls-verify=false --raw docker://${at('signed:1')} >/tmp/manifest
  digest=$(skopeo manifest-digest /tmp/manifest)
  mkdir -p /var/lib/signatures/signed@\${digest/:/=}
  skopeo standalone-sign --output /var/lib/signatures/signed@\${digest/:/=}/signature-1 \
    /tmp/manifest ${at('signed:1')} shop@example.com
  gpgconf --kill all
  rm -r $GNUPGHOME

  skopeo --help | grep -q generate-sigstore-key || exit 0
  cd /etc/containers
  echo secret >/root/passphrase
  skopeo generate-sigstore-key --output-prefix shop --passphrase-file /root/passphrase
  mkdir -p registries.d
  printf 'docker:\n  ${registry.address}: { use-sigstore-attachments: true }\n' >registries.d/shop.yaml
  skopeo copy --src-tls-verify=false --dest-tls-verify=false --sign-passphrase-file /root/passphrase \
    --sign-by-sigstore-private-key shop.private docker://${at('signed:1')} docker://${at('attached:1')}
  rm shop.private /root/passphrase registries.d/shop.yaml
  echo attached`

t.test('a policy that demands signatures', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  const { exitCode, stdout: canAttach, stderr } = await host.run(sign)
  t.equal(exitCode, 0, stderr)
  const images = [
    'signed:1',
    'unsigned:1',
    ...(canAttach.endsWith('attached') ? ['attached:1'] : []),
  ]
  const gpg = { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/containers/shop.asc' }
  const sigstore = { type: 'sigstoreSigned', keyPath: '/etc/containers/shop.pub' }
  await host.commit('v2', {
    ...boundImages(
      Object.fromEntries(images.map(image => [`${image}.image`, imageSpec(registry, image)])),
    ),
    '/etc/containers/policy.json': JSON.stringify({
      default: [gpg],
      transports: { docker: { [`${registry.address}/attached`]: [sigstore] } },
    }),
    '/etc/containers/registries.d/shop.yaml': `docker:
  ${registry.address}:
    lookaside: file:///var/lib/signatures
    use-sigstore-attachments: true
`,
  })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  const { stdout } = await host.run('bootc-bound-images status')
  for (const image of images)
    t.match(
      stdout,
      new RegExp(
        `/${image} +${image === 'unsigned:1' ? 'failed .*signature was required' : 'present'}`,
      ),
    )
  await host.kill()
})

t.test('stores in other places', async t => {
  const places: Readonly<Record<string, Files>> = {
    'Store=': configured('Store=/srv/images', 'RetryLimit=1'),
    'storage.conf': {
      ...fewQuickTries,
      '/etc/containers/storage.conf':
        '[storage]\ndriver = "overlay"\ngraphroot = "/var/srv/my images"\nrunroot = "/var/srv/run"\n',
      '/etc/containers/containers.conf': '[engine]\nimage_copy_tmp_dir = "/var/srv/tmp"\n',
    },
  }
  for (const [what, files] of Object.entries(places)) {
    const host = await lab.host({ v1: files })
    await host.run('mkdir -p /var/srv/tmp')
    await host.commit('v2', boundImages({ 'hard.image': imageSpec(registry, 'hard:1') }))
    await host.stage('v2')
    const { exitCode, stderr } = await host.run(start)
    t.equal(exitCode, 0, `${what} ${stderr}`)
    t.match(await host.run('bootc-bound-images gate'), { exitCode: 0 }, what)
    t.match(await host.run('ls /var/srv/*/overlay-images/images.json'), { exitCode: 0 }, what)
    t.match(
      await host.run(`ls -d /var/lib/containers/storage/overlay-images/images.json`),
      { exitCode: 2 },
      `${what}: and nowhere else`,
    )
    await host.shutdown()
    await host.boot()
    t.equal(host.bootedVersion(), 'v2', what)
    await host.kill()
  }
})

t.test('a host name instead of an address', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  const name = registry.address.replace('127.0.0.1', 'registry.test')
  await host.run('echo 127.0.0.1 registry.test >>/etc/hosts')
  await host.commit(
    'v2',
    boundImages({ 'web.image': `[Image]\nImage=${name}/web:1\nTLSVerify=false\n` }),
  )
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(await imagesOn(host, [`${name}/web:1`]), [`${name}/web:1`])
  await host.kill()
})

t.test('at shutdown and after a power failure, the same can be pulled', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', boundImages({ 'hard.image': imageSpec(registry, 'hard:1') }))
  // The new /etc/containers has to be mounted for the pull.
  await host.commit(
    'v3',
    { '/etc/containers/registries.conf.d/shop.conf': '# new\n' },
    { base: 'v2' },
  )
  await host.run('systemctl mask --runtime bootc-bound-images.path')
  await host.run('ostree admin deploy --stage debian/v3')
  await host.shutdown()
  await host.boot()
  t.equal(host.bootedVersion(), 'v3', 'pulled by the flush')
  t.strictSame(await imagesOn(host, [at('hard:1')]), [at('hard:1')])

  // A file of another owner in a sticky directory is lost, as after a power failure.
  await host.run(`
    cd /var/lib/bootc-bound-images/pulls
    for pull in *; do ln -s of-another-boot ../unfinished/$pull; done
    rm *
    truncate -s 0 /var/lib/containers/storage/overlay/*/diff/sticky/file`)
  t.match(await host.run('systemctl start bootc-bound-images-repair.service'), { exitCode: 0 })
  t.strictSame(await imagesOn(host, [at('hard:1')]), [], 'removed by the repair')
  t.equal(
    (await host.run('ls /var/lib/containers/storage/overlay | grep -cx "[0-9a-f]*"')).stdout,
    '0',
  )
  t.match(await host.run(start), { exitCode: 0 })
  t.strictSame(await imagesOn(host, [at('hard:1')]), [at('hard:1')])
  await host.kill()
})

/** What a program in the place of podman would like to do. Each line it prints is something it could do. */
const hostile = `#!/bin/bash
try() { local what=$1; shift; if "$@" >/dev/null 2>&1; then echo "could: $what"; fi; }
dirs='/usr/lib/lab /etc /etc/systemd/system /home /root /boot /sysroot/boot /srv /opt /var/lib /var/log
  /run/systemd/system /run/udev /run/ostree /run/bootc-bound-images /proc/sys/kernel /sys/fs/cgroup'
for dir in $dirs; do try "write $dir" mkdir $dir/by-hostile; done
try 'set a sysctl' sh -c 'echo hostile >/proc/sys/kernel/domainname'
try 'set the clock' date --set=2030-01-01
try 'load a module' modprobe loop
try 'set the host name' hostname hostile
try 'read the kernel log' dmesg
try 'start a unit' systemctl start hostile.service
try 'reload systemd' systemctl daemon-reload
try 'talk to the bus' busctl list
try 'make a user namespace' unshare --user true
try 'make a network' unshare --net true
try 'make a raw socket' perl -MSocket -e 'socket(S, AF_INET, SOCK_RAW, 1) or exit 1'
try 'make a netlink socket' perl -MSocket -e 'socket(S, 16, SOCK_RAW, 0) or exit 1'
# By the numbers that system calls have on x86-64.
if [ "$(uname -m)" = x86_64 ]; then
  try 'trace systemd' perl -e 'exit 1 if syscall(101, 0x4206, 1, 0, 0) == -1'
  try 'use io_uring' perl -e 'syscall(425, 1, 0); exit !$!{EFAULT}'
  try 'use the keyring' perl -e 'exit 1 if syscall(250, 0, -3, 0) == -1'
  try 'run what it wrote to memory' perl -e 'exit 1 if syscall(9, 0, 4096, 7, 34, -1, 0) == -1'
fi
mknod /var/lib/containers/kmsg c 1 11
try 'open a device' head -c 0 /var/lib/containers/kmsg
grep -E '^(CapBnd|NoNewPrivs):' /proc/self/status
touch /var/lib/containers/it-ran
`

t.test('a program in the place of podman finds the rest of the system closed', async t => {
  const host = await lab.host({
    v1: {
      ...configured('RetryLimit=1', 'ResolveTimeoutSec=0'),
      'usr/lib/lab/hostile': { contents: hostile, mode: 0o755 },
    },
  })
  // The lab mounts these read-only; without isolation they are to be writable.
  await host.run(
    'for dir in /usr/lib/lab /sysroot/boot; do cp -a $dir /tmp/copy && mount -t tmpfs lab $dir && cp -a /tmp/copy/. $dir && rm -r /tmp/copy; done',
  )
  await host.run(
    'mkdir -p /run/udev /run/ostree /run/bootc-bound-images /var/home /var/srv /var/opt',
  )
  const without = await host.run(
    'systemd-run --wait --pipe --quiet /usr/lib/lab/hostile; find / -xdev -name by-hostile -type d -delete 2>/dev/null; find /run /usr/lib/lab /sysroot/boot /boot /var /sys/fs/cgroup -name by-hostile -type d -delete; rm -f /var/lib/containers/*',
  )
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.run(
    `d=/etc/systemd/system/bootc-pending-.service.d; mkdir -p $d
     printf '[Service]\\nExecStart=\\nExecStart=/usr/lib/lab/hostile\\n' >$d/99-hostile.conf
     systemctl daemon-reload`,
  )
  await host.stage('v2')
  await host.run(start)
  const { stdout } = await host.run(
    'journalctl --sync; journalctl -o cat -t hostile; ls /var/lib/containers',
  )
  t.match(stdout, /^it-ran$/m)
  t.match(stdout, /^NoNewPrivs:\t0$/m, 'with SELinux, podman would not get its domain')
  t.match(stdout, new RegExp(`^CapBnd:\\t${capabilities(pullCapabilities)}$`, 'm'))
  t.strictSame(stdout.match(/^could: .*$/gm) ?? [], [])

  // The same program can do it when nothing confines it, as far as a container can at all.
  for (const deed of [
    'write /usr/lib/lab',
    'write /etc',
    'write /home',
    'write /root',
    'write /boot',
    'write /sysroot/boot',
    'write /run/systemd/system',
    'write /run/bootc-bound-images',
    'reload systemd',
    'talk to the bus',
    'make a user namespace',
    'make a raw socket',
    'trace systemd',
  ])
    t.match(without.stdout, `could: ${deed}\n`)
  await host.kill()
})

const pullCapabilities = [0, 1, 3, 4, 18, 21, 27, 31] // chown ... setfcap, see linux/capability.h

function capabilities(numbers: readonly number[]): string {
  return numbers
    .reduce((set, number) => set | (1n << BigInt(number)), 0n)
    .toString(16)
    .padStart(16, '0')
}

t.test('the exposure that systemd sees is the documented one', async t => {
  const documented = exposures()
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const version = Number(/^systemd (\d+)/.exec((await host.run('systemctl --version')).stdout)?.[1])
  const { stdout } = await host.run(
    `for unit in $(systemctl list-unit-files --plain --no-legend 'bootc-bound-images-*.service' | cut -d ' ' -f 1) \\
         $(systemctl list-units --plain --no-legend 'bootc-pending-*.service' | cut -d ' ' -f 1); do
       systemd-analyze security --no-pager "$(echo $unit | sed s/@/@success/)"
     done`,
  )
  const measured = [...stdout.matchAll(/exposure level for (\S+): ([\d.]+) /g)].map(
    ([, unit = '', exposure]) => [
      unit.replace(/^bootc-pending-[0-9a-f]{16}/, 'bootc-pending-*').replace('@success', '@'),
      Number(exposure),
    ],
  )
  t.strictSame(Object.fromEntries(measured), documented.get(version), `systemd ${version}`)
  await host.kill()
})

/** The table of docs/isolation.md: version of systemd -> unit -> exposure. */
function exposures(): ReadonlyMap<number, Readonly<Record<string, number>>> {
  const text = readFileSync(new URL('../../../docs/isolation.md', import.meta.url), 'utf8')
  const rows = text
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim().replaceAll('`', '')),
    )
  const [, ...versions] = rows.find(([first]) => first === 'systemd') ?? []
  return new Map(
    versions.map((version, column) => [
      Number(version),
      Object.fromEntries(
        rows
          .filter(([unit]) => unit?.endsWith('.service'))
          .map(([unit = '', ...cells]) => [unit, Number(cells[column])]),
      ),
    ]),
  )
}

t.test('only root may read what is kept, whatever the umask', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  const login = `${shop.user}:${shop.password}`
  const specs = {
    'web.image': imageSpec(closed, 'web:1', `Creds=${login}`),
    'gone.image': imageSpec(registry, 'gone:1'),
  }
  await host.commit('v2', {
    ...boundImages(specs),
    '/etc/containers/registries.conf.d/shop.conf': '# new\n',
  })
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 1 })
  await host.run(
    `umask 0; bootc-bound-images stage; /usr/lib/bootc-bound-images/mark-pull any
     bootc-bound-images gate --at-shutdown --root /sysroot/ostree/deploy/debian/deploy/$(bootc-bound-images status --json | jq -r .deployment)`,
  )
  const { stdout } = await host.run(
    `find /var/lib/bootc-bound-images /run/bootc-bound-images ! -type l -printf '%m %y %u:%g %p\\n'`,
  )
  const files = stdout.split('\n')
  const kinds = [
    /^700 d root:root /,
    /^644 f root:root \/run\/bootc-bound-images\/sets\/\d+\/(?:[^/]+|bootc-pending-\.service\.d\/20-host\.conf)$/,
    /^755 d root:root \/run\/bootc-bound-images\/sets\/\d+\/bootc-pending-\.service\.d$/,
    /^600 f root:root /,
  ]
  t.strictSame(
    files.filter(line => !kinds.some(kind => kind.test(line))),
    [],
  )
  for (const kept of [
    /pulls\/bootc-pending/,
    /unfinished$/,
    /refused.json$/,
    /credentials\/./,
    /sets\/./,
  ])
    t.ok(
      files.some(line => kept.test(line)),
      String(kept),
    )

  const asUser = (command: string) =>
    host.run(`setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '${command}'`)
  for (const directory of ['/var/lib', '/run'])
    t.match(await asUser(`ls ${directory}/bootc-bound-images`), { stdout: '', exitCode: 2 })
  const seen = await asUser(
    'systemctl cat "bootc-*"; systemctl show "bootc-*"; cat /run/systemd/generator/*; ps axeww; journalctl',
  )
  t.match(seen.stdout, 'Bound-image spec: ', 'the units are for everybody')
  for (const secret of [shop.password, btoa(login)]) t.notOk(seen.stdout.includes(secret))
  await host.kill()
})

t.test('systemd has nothing to say against the units', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  await host.stage('v2')
  t.match(await host.run(start), { exitCode: 0 })
  const complaints = await complaintsOf(host)
  t.strictSame(complaints, [])
  t.match(
    await host.run(
      `systemd-analyze verify --man=no --recursive-errors=no \
         $(find /usr/lib/systemd/system /run/systemd/generator -maxdepth 1 -type f -name 'bootc-*')`,
    ),
    { exitCode: 0, stderr: '' },
  )
  await host.kill()
})

async function complaintsOf(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.run(
    // The lab has no controller of processes, which systemd 262 says of every unit.
    'journalctl --boot --quiet --output=cat --priority=warning _PID=1 | grep -i bootc- | grep -v pids.max',
  )
  return stdout.split('\n').filter(Boolean)
}

t.test('the weights count against the services', async t => {
  const host = await lab.host({ v1: fewQuickTries })
  await host.commit('v2', boundImages({ 'web.image': imageSpec(registry, 'web:1') }))
  registry.fail({ match: '/web/manifests/', delayMs: 3000 })
  await host.stage('v2')
  const { stdout } = await host.run(
    `for i in $(seq 100); do pid=$(${isPulling}) && break; sleep 0.1; done
     cut -d : -f 3 /proc/$pid/cgroup; cat /proc/$pid/oom_score_adj`,
  )
  const [, top, slice, adjustment] =
    /^\/(\S+?\.slice)\/(\S+?\.slice)\/bootc-pending-.*\n(\d+)$/m.exec(stdout) ?? []
  t.strictSame([top, slice, adjustment], ['bootc.slice', 'bootc-pending.slice', '500'], stdout)
  const properties = await host.run(
    `systemctl show -P CPUWeight -P IOWeight ${top}; systemctl show -P MemoryHigh -P IPAccounting ${slice}`,
  )
  t.match(properties.stdout, /^20\n+20\n+\d+\n+yes$/, 'what competes with system.slice')
  registry.heal()
  await host.kill()
})
