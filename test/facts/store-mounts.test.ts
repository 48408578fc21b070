import t from 'tap'
import {
  mountsOf,
  notMounted,
  unmountedByPodman,
  type MountUnit,
} from '../../lib/facts/store-mounts.ts'

const mount = (where: string, more: Partial<MountUnit> = {}): MountUnit => ({
  unit: `${where.slice(1).replaceAll('/', '-')}.mount`,
  where,
  isActive: true,
  isWanted: true,
  isRemote: false,
  ...more,
})
const store = '/var/lib/containers/storage'
const place = ({ where }: MountUnit) => where

t.test('the mounts of a directory: above, at and below it', t => {
  const units = [
    mount('/'),
    mount('/var', { isWanted: false }),
    mount('/var/lib/container'),
    mount('/var/lib/containers/other'),
    mount(store),
    mount(`${store}/overlay`),
    // A running container.
    mount(`${store}/overlay/0/merged`, { isWanted: false }),
    mount('/data/my'),
  ]
  t.strictSame(mountsOf([store, '/data/my/images'], units).map(place), [
    '/var',
    store,
    `${store}/overlay`,
    '/data/my',
  ])
  t.end()
})

t.test('what should be mounted and is not', t => {
  const off = { isActive: false }
  const units = [
    mount('/var'),
    mount('/not-wanted', { ...off, isWanted: false }),
    mount('/gone', off),
    // An automount mounts it at the first access.
    mount('/auto', off),
    mount('/auto', { unit: 'auto.automount', isWanted: false }),
  ]
  t.strictSame(notMounted(units).map(place), ['/gone'])
  t.end()
})

t.test('what podman unmounts', t => {
  const own = mount(`${store}/overlay`, { isWanted: false })
  t.equal(unmountedByPodman([store], [mount(store), own]), undefined, 'it mounts that itself')
  const disk = mount(`${store}/overlay`)
  t.equal(unmountedByPodman(['/link', store], [mount(store), disk]), disk)
  t.end()
})
