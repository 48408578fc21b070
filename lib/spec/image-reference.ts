const domainPart = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const host = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])`
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const reference = new RegExp(
  `^(?:${host}(?::[0-9]+)?/)?${pathPart}(?:/${pathPart})*(?::\\w[\\w.-]{0,127})?` +
    '(?:@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,})?$',
)
const longest = 1024

/**
 * Whether text is an image reference: `[registry[:port]/]path[:tag][@digest]`. The grammar is
 * distribution's (github.com/distribution/reference, regexp.go), which podman uses too. A reference
 * therefore never holds white space, quotes, `%` or `$`, and never starts with `-`.
 */
export function isImageReference(text: string): boolean {
  return text.length <= longest && reference.test(text)
}
