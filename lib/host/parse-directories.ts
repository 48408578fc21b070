import { fields } from '../fields.ts'

/**
 * Parses the directories of an image from the JSON data of podman's storage driver. overlay has several in one string,
 * separated by `:`; other drivers have none.
 */
export function parseDirectories(data: string): readonly string[] {
  return Object.values(fields(JSON.parse(data)))
    .flatMap(value => (typeof value === 'string' ? value.split(':') : []))
    .filter(value => value.startsWith('/'))
}
