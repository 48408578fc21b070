import { fields } from '../fields.ts'

/**
 * The directories in what podman's driver says of an image, as JSON: of overlay, several in one string with `:` between
 * them. Another driver has none of that.
 */
export function parseDirectories(data: string): readonly string[] {
  return Object.values(fields(JSON.parse(data)))
    .flatMap(value => (typeof value === 'string' ? value.split(':') : []))
    .filter(value => value.startsWith('/'))
}
