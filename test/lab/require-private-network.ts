import { readFileSync } from 'node:fs'

/**
 * Throws unless this process is root in a network that has nothing but loopback, as
 * `test/lab/run` makes it: there the lab can neither reach nor disturb anything else.
 */
export const requirePrivateNetwork = (): void => {
  if (process.getuid?.() !== 0) throw new Error('the lab needs root')
  const others = interfaces(readFileSync('/proc/self/net/dev', 'utf8')).filter(
    name => name !== 'lo',
  )
  if (others.length > 0) {
    throw new Error(
      `the lab needs a private network, this one has ${others.join(', ')}: start it with test/lab/run`,
    )
  }
}

/** The names in the text of `/proc/net/dev`: two lines of headings, then `name: counters`. */
const interfaces = (text: string): readonly string[] =>
  text
    .split('\n')
    .slice(2)
    .flatMap(line => line.match(/^\s*(\S+):/)?.[1] ?? [])
