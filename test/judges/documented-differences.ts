import { readFileSync } from 'node:fs'
import type { Judgement } from './judge-specs.ts'
import { brokenByte, type SpecFile } from './spec-file.ts'

/** A row of docs/quadlet-differences.md. */
export interface DocumentedDifference {
  readonly name: string
  readonly file: SpecFile
  readonly quadlet: Claim
  readonly here: Claim
}

/** What is said of one side. */
export interface Claim {
  readonly refuses: boolean
  /** Of podman, when it matters: the claim holds before or from this version on. */
  readonly version?: { readonly before: boolean; readonly minor: number } | undefined
  /** What stands in the command. */
  readonly code: readonly string[]
}

const characters: Readonly<Record<string, string>> = {
  '⏎': '\n',
  '<CR>': '\r',
  '<NUL>': '\0',
  '<TAB>': '\t',
  '<BLANK>': ' ',
  '<NBSP>': '\u00a0',
  '<0xFF>': brokenByte,
  '<U+FFFF>': '\uffff',
}

export function readDocumentedDifferences(): readonly DocumentedDifference[] {
  const document = new URL('../../docs/quadlet-differences.md', import.meta.url)
  return readFileSync(document, 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => {
      const [name = '', example = '', quadlet = '', here = ''] = line
        .split('|')
        .slice(1)
        .map(cell => cell.trim())
      return {
        name: codeIn(name).join(),
        file: exampleFile(codeIn(example)),
        quadlet: claim(quadlet),
        here: claim(here),
      }
    })
}

function codeIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/gu)].map(([, code]) => code ?? '')
}

/** An example can start with the name of the file, or of a drop-in. */
function exampleFile(example: readonly string[]): SpecFile {
  const text = characterNames(example.at(-1) ?? '')
  const path = /^web([^=]*)\.(?:image|conf)$/u.exec(example[0] ?? '')?.[0].replace('web', '*')
  const [directory = '', name] = path?.split('/') ?? []
  const base = '[Image]\nImage=registry.example/app:1\n'
  if (name !== undefined)
    return { name: '*.image', text: base, dropIns: [{ directory, name, text }] }
  if (path !== undefined) return { name: path, text: base, dropIns: [] }
  return { name: '*.image', text: `${base}${text}\n`, dropIns: [] }
}

function characterNames(text: string): string {
  return Object.entries(characters)
    .reduce((all, [name, character]) => all.replaceAll(name, character), text)
    .replace(/(.)…/u, (_all, character: string) => character.repeat(70_000))
}

function claim(cell: string): Claim {
  const [, when, minor] = /(before|from) podman 5\.(\d+)/u.exec(cell) ?? []
  return {
    refuses: cell.startsWith('refuses'),
    version: minor === undefined ? undefined : { before: when === 'before', minor: Number(minor) },
    code: codeIn(cell),
  }
}

/** Whether a side does what is said of it. */
export function isAsClaimed({ refuses, code }: Claim, result: Judgement['quadlet']): boolean {
  if ('refusal' in result) return refuses
  return !refuses && code.every(words => result.words.join(' ').includes(words))
}
