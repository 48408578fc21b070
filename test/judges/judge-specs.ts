import { rmSync } from 'node:fs'
import { defaultSettings } from '../../lib/config/settings.ts'
import { planRequest } from '../../lib/request/plan-request.ts'
import { readRequest, type Request } from '../../lib/request/request.ts'
import { defaultStore } from '../../lib/facts/image-store.ts'
import { pullCommand } from '../../lib/render/pull-command.ts'
import type { Fault } from '../../lib/text/fault.ts'
import { decodeCommandLine, Undecodable } from './decode-command-line.ts'
import type { Quadlet, QuadletOutput } from './quadlet.ts'
import { specifierValues } from './specifier-values.ts'
import { writeBatch, type DropIn, type SpecFile } from './spec-file.ts'

/** What Quadlet, with systemd after it, and this product make of one file. */
export interface Judgement {
  readonly file: SpecFile
  /** The words of the command, or why there are none. */
  readonly quadlet: { readonly words: readonly string[] } | { readonly refusal: string }
  readonly ours: OurResult | { readonly faults: readonly Fault[] }
}

interface OurResult {
  /** Paths in the root are as the deployment sees them. */
  readonly command: readonly string[]
  /** The command with the secrets that are kept in files put back to where the spec has them. */
  readonly words: readonly string[]
}

/** Newer than any that would leave out options. */
const podmanVersion = [99, 0] as const

/** Gives files to both, and removes them. */
export async function judge(
  quadlet: Quadlet,
  root: string,
  files: readonly SpecFile[],
  common: readonly DropIn[] = [],
): Promise<readonly Judgement[]> {
  try {
    const batch = writeBatch(root, files, common)
    const output = await quadlet.read(batch.directory)
    const request = readRequest(root, {
      hostRoot: undefined,
      podmanVersion,
    })
    return files.map((file, index) => {
      const { path = '', entry = '' } = batch.files[index] ?? {}
      return { file, quadlet: quadletResult(output, path), ours: ourResult(request, entry) }
    })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function quadletResult({ services, log }: QuadletOutput, path: string): Judgement['quadlet'] {
  const service = services.get(path)
  if (service === undefined) {
    const name = JSON.stringify(path.replace(/^.*\//u, ''))
    return { refusal: log.split('\n').find(line => line.includes(name)) ?? 'it does not say why' }
  }
  const line = service.text.split('\n').findLast(line => line.startsWith('ExecStart=')) ?? ''
  try {
    const words = decodeCommandLine(line.slice('ExecStart='.length), specifierValues(service.unit))
    return { words }
  } catch (error) {
    if (error instanceof Undecodable) return { refusal: `systemd: ${error.message}` }
    throw error
  }
}

/** What this product makes of the spec behind an entry. */
export function ourResult(
  { root, name, specs, problems, privateFiles }: Request,
  entry: string,
): Judgement['ours'] {
  const problem = problems.find(each => each.entry === entry)
  const pull = planRequest({ name, specs }, defaultSettings).pulls.find(({ entries }) =>
    entries.includes(entry),
  )
  if (problem !== undefined && pull !== undefined)
    return { faults: [{ reason: 'refused, and pulled all the same' }] }
  if (problem !== undefined) return { faults: problem.faults }
  if (pull === undefined) return { faults: [{ reason: 'nothing is said' }] }
  const secrets = new Map(privateFiles.map(({ path, contents }) => [path, String(contents)]))
  const command = pullCommand(pull.boundImage, podmanVersion, defaultStore).map(word =>
    word.replaceAll(root, ''),
  )
  return { command, words: withoutSecretFiles(command, secrets) }
}

function withoutSecretFiles(
  words: readonly string[],
  secrets: ReadonlyMap<string, string>,
): readonly string[] {
  return words.map((word, index) => {
    const [, key, file] = /^(?:--[a-z-]+=)?(.*):file=(.*)$/su.exec(word) ?? []
    const passphrase = file === undefined ? undefined : secrets.get(file)
    if (passphrase !== undefined) return word.replace(`${key}:file=${file}`, `${key}:${passphrase}`)
    const login = secrets.get(words[index + 1] ?? '')
    if (word === '--authfile' && login !== undefined) return '--creds'
    const contents = secrets.get(word.replace(/^--authfile=/u, ''))
    const auth = /"auth":"(.*)"/u.exec(contents ?? '')?.[1]
    if (auth === undefined) return word
    const credentials = Buffer.from(auth, 'base64').toString()
    return word.startsWith('--') ? `--creds=${credentials}` : credentials
  })
}
