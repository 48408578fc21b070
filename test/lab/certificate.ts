import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRootfs, runInRootfs } from './nspawn.ts'
import type { WorkArea } from './work-area.ts'

/** As PEM, under the names that Node's TLS has for them. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** When a certificate counts; to a client whose clock is wrong, a good one is one of the others. */
export type Validity = 'now' | 'expired' | 'not yet'

/** Makes a certificate for 127.0.0.1 that is signed by its own key, so that nobody trusts it unasked. */
export const makeCertificate = async (
  area: WorkArea,
  validity: Validity = 'now',
): Promise<Certificate> => {
  const dir = mkdtempSync(join(area.dir, 'certificate-'))
  const [from, to] = days[validity]
  await runInRootfs(area, ['sh', '-euc', script, inRootfs(area, dir), from, to])
  const read = (name: string) => readFileSync(join(dir, name), 'utf8')
  return { key: read('key.pem'), cert: read('cert.pem') }
}

/** First and last day, counted from today. */
const days: Readonly<Record<Validity, readonly [from: string, to: string]>> = {
  now: ['-1', '+30'],
  expired: ['-30', '-1'],
  'not yet': ['+30', '+60'],
}

/** By `openssl ca`: the other commands of OpenSSL 3.0 cannot say when a certificate begins to count. */
const script = `
  cd "$0"
  cat >ca.conf <<-EOF
	[ca]
	default_ca = lab
	[lab]
	database = index
	serial = serial
	new_certs_dir = .
	default_md = sha256
	policy = any
	[any]
	commonName = supplied
	[server]
	subjectAltName = IP:127.0.0.1
	EOF
  : >index
  date() { command date --utc --date="$1 days" +%Y%m%d%H%M%SZ; }
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=lab -keyout key.pem -out request
  openssl ca -batch -config ca.conf -notext -create_serial -selfsign -keyfile key.pem -extensions server \\
    -startdate "$(date "$1")" -enddate "$(date "$2")" -in request -out cert.pem
`
