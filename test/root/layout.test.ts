import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { layoutOf } from '../../lib/root/layout.ts'
import { makeTree } from '../make-tree.ts'
import { writeBootedFile } from '../backend/write-booted-file.ts'

t.test('a root whose /etc is merged has that and nothing of the host', t => {
  const top = makeTree(t, {
    'root/etc/shop/a': 'merged',
    'root/usr/etc/shop/a': 'as shipped',
    'host/etc/shop/a': 'of the host',
    'host/usr/etc/shop/a': 'of the host, as shipped',
  })
  const layout = (isMerged?: boolean) =>
    layoutOf(join(top, 'root'), join(top, 'host'), { isMerged })
  const place = (path: string, isMerged?: boolean) =>
    relative(top, layout(isMerged).place(path) ?? '/')
  t.equal(place('etc/shop/a', true), 'root/etc/shop/a')
  t.strictSame(
    layout(true)
      .copies('etc/shop')
      .map(path => relative(top, path)),
    ['root/etc/shop'],
  )
  for (const isMerged of [false, undefined]) {
    t.equal(place('etc/shop/a', isMerged), 'host/etc/shop/a', 'changed on the host')
    t.strictSame(
      layout(isMerged)
        .copies('etc/shop')
        .map(path => relative(top, path)),
      ['host/etc/shop', 'root/usr/etc/shop'],
    )
  }
  t.equal(place('usr/lib/x', true), 'root/usr/lib/x')
  for (const path of ['run/x', 'sysroot/x', 'var/x', 'var'])
    t.equal(place(path, true), `host/${path}`, 'what all deployments share')
  t.equal(layout(true).host, join(top, 'host'))
  t.end()
})

t.test('with a transient /etc, local changes are those in the directory of the deployment', t => {
  const running = 'host/sysroot/ostree/deploy/debian/deploy/a.0'
  const top = makeTree(t, {
    'root/usr/lib/ostree/': '',
    'root/usr/etc/a': 'next',
    'root/usr/etc/b': 'next',
    'root/etc/a': 'merged',
    'host/usr/etc/a': 'booted',
    'host/etc/a': 'live',
    [`${running}/etc/a`]: 'booted',
    [`${running}/etc/b`]: 'kept',
  })
  const [root, host] = [join(top, 'root'), join(top, 'host')]
  const place = (path: string, isMerged = false) =>
    relative(top, layoutOf(root, host, { isMerged }).place(path) ?? '/')
  t.equal(place('etc/a'), 'host/etc/a')
  writeBootedFile(host, join(top, running))
  t.equal(place('etc/a'), 'root/usr/etc/a')
  t.equal(place('etc/b'), `${running}/etc/b`)
  t.equal(layoutOf(root, host).isRunning, false)
  writeFileSync(join(root, 'usr/lib/ostree/prepare-root.conf'), '[etc]\ntransient=true\n')
  for (const isMerged of [false, true])
    for (const path of ['etc/a', 'etc/b'])
      t.equal(place(path, isMerged), `root/usr/${path}`, 'nothing else is left')
  t.equal(layoutOf(root, undefined).isRunning, true)
  t.equal(layoutOf(root, root).place('etc/a'), join(root, 'etc/a'), 'as it is seen there')
  t.end()
})

t.test('an empty /etc is one that nobody has merged', t => {
  const top = makeTree(t, { 'root/etc/': '', 'root/usr/etc/shop/a': '', 'host/': '' })
  const place = () =>
    layoutOf(join(top, 'root'), join(top, 'host'), { isMerged: true }).place('etc/shop/a')
  t.equal(place(), join(top, 'root/usr/etc/shop/a'))
  writeFileSync(join(top, 'root/etc/machine-id'), '')
  t.equal(place(), join(top, 'root/etc/shop/a'))
  t.end()
})

t.test('a root on its own is as good as merged', t => {
  const root = makeTree(t, { 'etc/a': '' })
  for (const host of [undefined, root]) {
    const layout = layoutOf(root, host)
    t.equal(layout.place('etc/a'), join(root, 'etc/a'))
    t.equal(layout.place('var/a'), join(root, 'var/a'))
    t.equal(layout.host, root)
  }
  mkdirSync(join(root, 'usr/etc'), { recursive: true })
  t.equal(layoutOf(root, undefined).place('etc/a'), join(root, 'etc/a'), 'as in a Containerfile')
  t.end()
})
