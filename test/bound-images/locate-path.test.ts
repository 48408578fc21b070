import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { locatePath } from '../../lib/bound-images/locate-path.ts'
import { makeTree } from '../make-tree.ts'

const top = makeTree(t, {
  'root/usr/etc/new': '',
  'root/usr/lib/x': '',
  'root/usr/lib/d/': '',
  'root/usr/lib/link': { link: '/etc/mine' },
  'root/usr/lib/dangling': { link: '/etc/nothing' },
  'root/usr/lib/dropped': { link: '/etc/dropped' },
  'root/usr/local': { link: '../var/usrlocal' },
  'root/root': { link: 'var/roothome' },
  'root/home': { link: './/var/home' },
  'root/srv': { link: '../../../var/srv' },
  'root/opt': { link: '/opt2' },
  'root/opt2': { link: '/var/opt' },
  'root/usr/etc/usr': { link: '/usr/lib' },
  'root/usr/etc/up': { link: '../usr/lib' },
  'root/usr/etc/loop': { link: 'loop' },
  'host/etc/mine': '',
  'host/run/x': '',
  'host/etc/dropped': '',
  'host/usr/etc/dropped': '',
  'host/etc/certs/ca.crt': '',
  'host/usr/etc/certs/ca.crt': '',
})
execFileSync('mkfifo', [join(top, 'root/usr/lib/fifo')])
const files = new DeploymentFiles(join(top, 'root'), join(top, 'host'))

t.test('where a path is now', t => {
  const cases: readonly [path: string, kind: 'file' | 'directory', expected: string][] = [
    ['/etc/new', 'file', `${top}/root/usr/etc/new`],
    ['/etc/mine', 'file', `${top}/host/etc/mine`],
    ['/run/x', 'file', `${top}/host/run/x`],
    ['/usr/lib/x', 'file', `${top}/root/usr/lib/x`],
    ['//usr/./lib/d/../x', 'file', `${top}/root/usr/lib/x`],
    ['/usr/lib/link', 'file', `${top}/host/etc/mine`],
    ['/usr/lib/d', 'directory', `${top}/root/usr/lib/d`],
  ]
  for (const [path, kind, expected] of cases) t.equal(locatePath(files, path, kind), expected, path)
  t.end()
})

t.test('what is not there yet is named where an administrator would put it', t => {
  t.equal(locatePath(files, '/etc/x/../later', 'file'), '/etc/later')
  t.equal(locatePath(files, '/run/later', 'file'), '/run/later')
  t.equal(locatePath(files, '/var/lib/later', 'directory'), '/var/lib/later')
  const linked: readonly [path: string, expected: string][] = [
    ['/root/.config/containers/auth.json', '/var/roothome/.config/containers/auth.json'],
    ['/root/../x', '/var/x'],
    ['/home/core/auth.json', '/var/home/core/auth.json'],
    ['/srv/auth.json', '/var/srv/auth.json'],
    ['/opt/auth.json', '/var/opt/auth.json'],
    ['/usr/local/etc/auth.json', '/var/usrlocal/etc/auth.json'],
    ['/usr/lib/dangling', '/etc/nothing'],
    ['/usr/lib/nothing/../../../root/x', '/var/roothome/x'],
  ]
  for (const [path, expected] of linked) t.equal(locatePath(files, path, 'file'), expected, path)
  t.end()
})

t.test('what is there but of another kind is never named', t => {
  t.equal(locatePath(files, '/usr/lib/fifo', 'file'), '/usr/lib/fifo/is-not-a-regular-file')
  t.equal(locatePath(files, '/usr/lib/d', 'file'), '/usr/lib/d/is-not-a-regular-file')
  t.equal(locatePath(files, '/etc/mine', 'directory'), '/etc/mine/is-not-a-directory')
  t.end()
})

t.test('what the new deployment drops is not used while the host still has it', t => {
  t.equal(
    locatePath(files, '/usr/lib/dropped', 'file'),
    '/etc/dropped/is-not-in-the-new-deployment',
    'nor by a link',
  )
  t.equal(locatePath(files, '/etc/dropped', 'file'), '/etc/dropped/is-not-in-the-new-deployment')
  t.equal(locatePath(files, '/etc/certs', 'directory'), '/etc/certs/is-not-in-the-new-deployment')
  t.end()
})

t.test('refused', t => {
  const cases: readonly [path: string, reason: RegExp][] = [
    ['', /not an absolute/],
    ['etc/x', /not an absolute/],
    ['/etc/a\nb', /control characters/],
    ['/usr/lib/nothing', /the root has no file \/usr\/lib\/nothing/],
    ['/root/../../usr/nothing', /the root has no file/],
    ['/etc/usr/nothing', /the root has no file/],
    ['/etc/up/nothing', /the root has no file/],
    ['/etc/loop', /the root has no file/],
    ['/etc/loop/x', /the root has no file/],
    [`/etc${'/x'.repeat(2100)}`, /the root has no file/],
    ['/var', /the root has no file/],
    ['/etc/../usr/nothing', /the root has no file/],
  ]
  for (const [path, message] of cases)
    t.throws(() => locatePath(files, path, 'file'), { message }, path.slice(0, 80))
  t.end()
})
