const maxLength = 600
const endLength = 100

/** Shortens text for people in the middle. A spec, or a registry, can put a value of any length into it. */
export function shorten(text: string): string {
  if (text.length <= maxLength) return text
  const start = text.slice(0, maxLength - endLength).replace(/[\ud800-\udbff]$/u, '')
  const end = text.slice(-endLength).replace(/^[\udc00-\udfff]/u, '')
  return `${start} [${text.length - start.length - end.length} more characters] ${end}`
}
