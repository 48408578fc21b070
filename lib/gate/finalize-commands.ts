/** What the drop-in repeats, because adding a command before ostree's means listing both. */
export const knownCommand = '/usr/bin/ostree admin finalize-staged'

/** Whether a value of `ExecStop`, as systemctl shows it, is our gate and then ostree's command. */
export function isGateFirst(execStop: string): boolean {
  const [first = '', second = '', ...others] = execStop.split('\n').filter(Boolean)
  return (
    /argv\[\]=\S*timeout \d+ \S*bootc-bound-images gate ; ignore_errors=no ;/u.test(first) &&
    second.includes(`argv[]=${knownCommand} ;`) &&
    others.length === 0
  )
}

/** Whether ostree's own unit file stops with the command that the drop-in repeats. */
export function hasKnownCommand(unitFile: string): boolean {
  const commands = unitFile.split('\n').filter(line => line.startsWith('ExecStop='))
  return commands.length === 1 && commands[0] === `ExecStop=${knownCommand}`
}
