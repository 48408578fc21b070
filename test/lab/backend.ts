import { composefs } from './composefs-sysroot.ts'
import { ostree } from './ostree-sysroot.ts'
import type { Backend } from './sysroot.ts'

const backends: Readonly<Record<string, Backend>> = { ostree, composefs }

const name = process.env['BACKEND'] ?? 'ostree'
const found = backends[name]
if (found === undefined) throw new Error(`BACKEND=${name}: the lab has ostree and composefs`)

/** What the hosts of this lab are: bootc's composefs backend with `BACKEND=composefs`, else ostree. */
export const backend: Backend = found
