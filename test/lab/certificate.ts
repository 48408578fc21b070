import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRootfs, runInRootfs } from './nspawn.ts'
import type { WorkArea } from './work-area.ts'

/** As PEM, under the names that Node's TLS has for them. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** Makes a certificate for 127.0.0.1 that is signed by its own key, so that nobody trusts it unasked. */
export const makeCertificate = async (area: WorkArea): Promise<Certificate> => {
  const dir = mkdtempSync(join(area.dir, 'certificate-'))
  const key = join(dir, 'key.pem')
  const cert = join(dir, 'cert.pem')
  const command =
    'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=lab ' +
    `-addext subjectAltName=IP:127.0.0.1 -keyout ${inRootfs(area, key)} -out ${inRootfs(area, cert)}`
  await runInRootfs(area, command.split(' '))
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}
