/**
 * JSON that is safe to print: JSON itself escapes only controls below U+0020, but a terminal also obeys others, and
 * text can be made invisible or run backwards.
 */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(/[^\P{C}\n]|[\u2028\u2029\ufffd]/gu, text =>
    text.replaceAll(/[^]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}
