/** ostree's own command. The drop-in repeats it, because a command before it can only be added by listing both. */
export const knownCommand = '/usr/bin/ostree admin finalize-staged'

/** Whether a value of `ExecStop=`, as systemctl shows it, is our gate and then ostree's command. */
export function isGateFirst(execStop: string): boolean {
  const [first = '', second = '', ...others] = execStop.split('\n').filter(Boolean)
  return (
    /argv\[\]=\S*timeout \d+ \S*bootc-bound-images gate --at-shutdown ; ignore_errors=no ;/u.test(
      first,
    ) &&
    second.includes(`argv[]=${knownCommand} ;`) &&
    others.length === 0
  )
}

/**
 * Whether the command in ostree's unit is the one that the drop-in repeats.
 *
 * @param unitFiles text of the unit file and its drop-ins, in order
 */
export function hasKnownCommand(...unitFiles: readonly string[]): boolean {
  let commands: string[] = []
  for (const [, command = ''] of unitFiles.join('\n').matchAll(/^ExecStop=[ \t]*(.*)$/gmu))
    commands = command === '' ? [] : [...commands, command]
  return commands.length === 1 && commands[0] === knownCommand
}
