// systemd is the judge of how an argument is written in a unit: what it starts must get it, byte by byte.
import * as fc from 'fast-check'
import t from 'tap'
import { quoteArgument } from '../../../lib/render/quote-argument.ts'
import { anyArgument } from '../../judges/arguments.ts'
import { seed } from '../../judges/seed.ts'
import { Lab } from '../lab.ts'
import { recordArguments, recorder } from '../recorder.ts'

const numRuns = 2000

const lab = await Lab.open({ product: false })
t.teardown(() => lab.close())

t.test('systemd passes on every argument as it is', async t => {
  const commands = fc.sample(fc.array(anyArgument, { maxLength: 6 }), { seed, numRuns })
  const units = Object.fromEntries(
    commands.map((words, index) => [
      `judge-${index}.service`,
      `[Service]\nType=oneshot\nExecStart=${[recorder, ...words].map(quoteArgument).join(' ')}\n`,
    ]),
  )
  const host = await lab.host()
  const recorded = await recordArguments(host, units)
  await host.shutdown()

  const wrong = commands.flatMap((words, index) => {
    const found = recorded.get(`judge-${index}.service`)
    const expected = words.map(word => Buffer.from(word))
    return inHex(found) === inHex(expected) ? [] : [{ words: show(words), found: show(found) }]
  })
  const shortest = wrong.toSorted((a, b) => a.words.length - b.words.length).slice(0, 5)
  t.comment(`${commands.flat().length} arguments, SEED=${seed}`)
  t.equal(recorded.size, numRuns, 'every unit was started')
  t.strictSame(shortest, [], 'the shortest of the commands that came out wrong')
})

function inHex(words: readonly Buffer[] | undefined): string | undefined {
  return words?.map(word => word.toString('hex')).join()
}

function show(words: readonly (string | Buffer)[] | undefined): string {
  return JSON.stringify(words?.map(String) ?? 'not started').replaceAll(
    /[^ -~]/gu,
    character => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}
