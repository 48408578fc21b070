import { cpSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkArea } from './work-area.ts'

/** Whether hosts have no Node, and the product as one executable. */
export const isBundled = process.env['RUNTIME'] === 'bundled'

/** Copies what `test/lab/run` has installed, for an ostree commit. */
export const installProduct = (area: WorkArea): string => {
  const { LAB_RUN } = process.env
  if (LAB_RUN === undefined) throw new Error('start this with test/lab/run')
  const dir = join(area.dir, 'product')
  cpSync(join(LAB_RUN, 'product'), dir, { recursive: true, verbatimSymlinks: true })
  return dir
}
