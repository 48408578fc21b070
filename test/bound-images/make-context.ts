import type { Test } from 'tap'
import { ByteBudget, copyBudget } from '../../lib/root/byte-budget.ts'
import { DeploymentFiles } from '../../lib/root/deployment-files.ts'
import { readLogins } from '../../lib/bound-images/logins.ts'
import { readShortNames } from '../../lib/bound-images/short-names.ts'
import type { SpecContext } from '../../lib/bound-images/spec-context.ts'
import { unitSpecifiers } from '../../lib/quadlet/specifiers.ts'
import { makeTree, type Tree } from '../make-tree.ts'

/** What a spec web.image of a deployment with these files depends on; its secrets are in /secrets. */
export function makeContext(
  t: Pick<Test, 'testdir'>,
  tree: Tree = {},
  root = makeTree(t, tree),
): SpecContext & { readonly root: string } {
  const files = new DeploymentFiles(root)
  return {
    root,
    files,
    specifiers: unitSpecifiers('web-image.service', {
      osRelease: new Map([['VERSION_ID', '13']]),
      machineId: undefined,
      systemdVersion: 257,
      architecture: 'x86-64',
    }),
    shortNames: () => readShortNames(files),
    logins: () => readLogins(files),
    secrets: '/secrets',
    copies: copyBudget(),
    yaml: new ByteBudget('Kubernetes YAML files'),
    podImages: new Map(),
    certificates: new Map(),
    specFile: '/usr/share/containers/systemd/web.image',
    owner: '/usr/share/containers/systemd/web.image web-image.service',
  }
}
