import t from 'tap'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { systemdVersionOf } from '../../lib/root/systemd-version.ts'
import { makeTree } from '../make-tree.ts'

t.test('the version is in the name of the library', t => {
  const cases: readonly [path: string, version: number | undefined][] = [
    ['usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so', 257],
    ['usr/lib/systemd/libsystemd-shared-252.so', 252],
    ['usr/lib/systemd/libsystemd-shared-256.12-1.fc41.so', 256],
    ['usr/lib64/systemd/libsystemd-shared-258~rc1.so', 258],
    ['usr/lib/systemd/libsystemd-core-257.so', undefined],
    ['usr/x', undefined],
  ]
  for (const [path, version] of cases)
    t.equal(systemdVersionOf(new DeploymentFiles(makeTree(t, { [path]: '' }))), version, path)
  t.end()
})
