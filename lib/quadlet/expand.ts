import { Refusal } from '../text/fault.ts'
import type { Specifiers } from './specifiers.ts'

/**
 * Expands what systemd would expand in a word of Quadlet's `ExecStart=` when the deployment is booted: first
 * `%` specifiers (systemd: src/shared/specifier.c), then `$` variables (src/basic/env-util.c,
 * replace_env_argv). Refuses what only the booted system can know.
 *
 * @param word one word; the result is not split again
 * @throws Refusal
 */
export function expand(word: string, specifiers: Specifiers): string {
  return expandVariables(expandSpecifiers(word, specifiers))
}

/** A `%` at the end, or before anything but a letter, a digit or `%`, is literal. */
export function expandSpecifiers(word: string, specifiers: Specifiers): string {
  return word.replaceAll(/%([a-zA-Z0-9%])/gu, (_all, letter: string) =>
    letter === '%' ? '%' : specifiers(letter),
  )
}

/** `$$` is `$`. A single `$` after the start of the word is literal, unless it begins `${`. */
function expandVariables(word: string): string {
  // Do not show the text: it may be part of a password.
  if (/^\$(?!\$)|(?<!\$)(?:\$\$)*\$\{/u.test(word))
    throw new Refusal(
      'variables ($NAME at the start, ${NAME}) are set only on the booted system',
      'write the value itself, and $$ for a dollar sign',
    )
  return word.replaceAll('$$', '$')
}
