import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { podmanPackageVersion } from '../../lib/root/podman-package.ts'
import { makeTree, type Tree } from '../make-tree.ts'

const status = (...lines: readonly string[]) => ({
  'var/lib/dpkg/status': `Package: podman-docker\nStatus: install ok installed\nVersion: 1\n\n${lines.join('\n')}\n\nPackage: z\nStatus: install ok installed\nVersion: 9\n`,
})

t.test('the version of podman in a root', t => {
  const of = (tree: Tree) =>
    podmanPackageVersion(new DeploymentFiles(makeTree(t, { 'usr/': '', ...tree })))
  const podman = 'Package: podman'
  const installed = 'Status: install ok installed'
  t.equal(of(status(podman, installed, 'Version: 5.4.2+ds1-2+b2')), '5.4.2+ds1-2+b2')
  t.equal(of(status(podman, installed, 'Version: 1:5.4.2')), '5.4.2')
  t.equal(of(status(podman, 'Status: deinstall ok config-files', 'Version: 5.4.2')), undefined)
  t.equal(of(status(podman, installed)), undefined)
  t.equal(of(status()), undefined)
  t.equal(of({}), undefined)
  t.end()
})
