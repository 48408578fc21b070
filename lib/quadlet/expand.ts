import { Refusal } from '../text/fault.ts'
import type { Specifiers } from './specifiers.ts'

/**
 * Resolves what systemd would expand in a word of Quadlet's `ExecStart=` when the deployment is booted:
 * first `%` specifiers (systemd: src/shared/specifier.c), then `$` variables (src/basic/env-util.c,
 * replace_env_argv). What only the booted system can know is refused.
 *
 * @param word one word; what it expands to is not split again
 * @throws Refusal
 */
export function expand(word: string, specifiers: Specifiers): string {
  return expandVariables(expandSpecifiers(word, specifiers))
}

/** `%` before anything but a letter, a digit or `%`, or at the end, stands for itself. */
export function expandSpecifiers(word: string, specifiers: Specifiers): string {
  return word.replaceAll(/%([a-zA-Z0-9%])/gu, (_all, letter: string) =>
    letter === '%' ? '%' : specifiers(letter),
  )
}

/** `$$` is `$`; a `$` elsewhere than at the start is itself, but for `${`. */
function expandVariables(word: string): string {
  // The text is not shown: it may be part of a password.
  if (/^\$(?!\$)|(?<!\$)(?:\$\$)*\$\{/u.test(word))
    throw new Refusal(
      'variables ($NAME at the start, ${NAME}) are set on the booted system only',
      'write the value itself, and $$ for a dollar sign',
    )
  return word.replaceAll('$$', '$')
}
