import * as fc from 'fast-check'
import { anyArgument } from './arguments.ts'
import type { SpecFile } from './spec-file.ts'

// .image files whose names and values try to become something else: another argument, directive or unit.

/** Text, half of it such that `%` and `$` stand for themselves. */
const hostile = fc
  .tuple(anyArgument, fc.boolean())
  .map(([text, literal]) => (literal ? text.replaceAll(/[%$]/gu, '$&$&') : text))

/** The same text in the syntax of lists of options. */
const escaped = hostile.map(text =>
  text.replaceAll(/[^\w%$]/gu, character => {
    const code = Number(character.codePointAt(0)).toString(16)
    return `\\U${code.padStart(8, '0')}`
  }),
)

const assignments = fc.oneof(
  hostile.map(text => `AuthFile=/etc/${text}`),
  hostile.map(text => `CertDir=/run/${text}`),
  hostile.map(text => `Creds=user:${text}`),
  hostile.map(text => `DecryptionKey=/usr/lib/keys/key.pem:${text}`),
  hostile.map(text => `DecryptionKey=/etc/${text}`),
  hostile.map(text => `ContainersConfModule=/var/${text}`),
  hostile.map(text => `ServiceName=*${text}\nAuthFile=/etc/%n-%N-%p-%P-%i-%j`),
  hostile.map(text => `ImageTag=${text}`),
  escaped.map(text => `PodmanArgs=--authfile=/etc/${text}`),
  escaped.map(text => `PodmanArgs=--cert-dir "/run/${text}"`),
  escaped.map(text => `GlobalArgs=--log-level='${text}'`),
  escaped.map(text => `GlobalArgs=--module=/etc/${text} --events-backend ${text}`),
  fc
    .tuple(
      fc.constantFrom('Image', 'Arch', 'OS', 'Variant', 'Policy', 'Retry', 'RetryDelay'),
      hostile,
    )
    .map(([key, text]) => `${key}=${text}`),
  hostile.map(text => `[${text}]\n${text}=${text}\n[Image]`),
)

/** A file name of any characters. */
const fileName = hostile.map(text => `*${text.replaceAll('/', '').slice(0, 40)}.image`)

export const hostileFiles: fc.Arbitrary<SpecFile> = fc.record({
  name: fc.oneof({ weight: 3, arbitrary: fc.constant('*.image') }, fileName),
  text: fc
    .array(assignments, { minLength: 1, maxLength: 3 })
    .map(lines => ['[Image]', 'Image=registry.example/*/app:1', ...lines, ''].join('\n')),
  dropIns: fc.constant([]),
})
