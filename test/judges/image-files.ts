import * as fc from 'fast-check'
import * as values from './image-values.ts'
import type { DropIn, SpecFile } from './spec-file.ts'

// Random .image files. Most of each is what people write, in all the ways the language allows; oddities
// are rare, so that a good part of the files is accepted.

const oneOf = (texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts)

/** Ways to write a word so that it stays the same word. */
const spelled = (word: string): fc.Arbitrary<string> => {
  const quoted = word.replaceAll('\\', '\\\\')
  const bare = quoted.replaceAll("'", "\\'")
  const plain = word.includes(' ') ? `"${quoted}"` : bare
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(plain) },
    fc.constant(`"${quoted}"`),
    fc.constant(`'${bare}'`),
    fc.constant(word.includes(' ') ? plain : `"${quoted.slice(0, 3)}"${bare.slice(3)}`),
    fc.constant(bare.replace(/^-/u, '\\x2d').replaceAll(' ', '\\s')),
    fc.constant(bare.replaceAll('e', '\\u0065').replaceAll(' ', '\\040')),
    fc.constant(bare.replaceAll('a', '\\U00000061').replaceAll(' ', '\\x20')),
  )
}

const optionList = (tidy: readonly values.Option[], odd: boolean): fc.Arbitrary<string> => {
  const option = fc
    .constantFrom(...tidy)
    .chain(words => fc.tuple(...words.map(spelled)).map(written => written.join(' ')))
  const item = odd ? fc.oneof(option, oneOf(values.oddWords)) : option
  return fc
    .array(fc.tuple(item, oneOf(values.blanks)), { maxLength: 4 })
    .map(items => items.map(([text, blank], at) => (at === 0 ? text : blank + text)).join(''))
}

const write = (key: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom('=', '=', '=', ' = ', '=\t', ' ='), value)
    .map(([equals, text]) => key + equals + text)

const assignment = (odd: boolean): fc.Arbitrary<string> => {
  const scalar = fc
    .constantFrom(...Object.entries(values.tidyValues))
    .chain(([key, tidy]) => write(key, oneOf(odd ? values.oddValues : tidy)))
  return fc.oneof(
    { weight: 8, arbitrary: scalar },
    { weight: 3, arbitrary: write('PodmanArgs', optionList(values.tidyPodmanArgs, odd)) },
    { weight: 1, arbitrary: write('GlobalArgs', optionList(values.tidyGlobalArgs, odd)) },
  )
}

const tidyLine = fc.oneof({ weight: 8, arbitrary: assignment(false) }, oneOf(values.comments))

const oddLine = fc.oneof(
  { weight: 3, arbitrary: assignment(true) },
  { weight: 2, arbitrary: oneOf(values.oddValues).map(value => `Image=${value}`) },
  { weight: 1, arbitrary: oneOf(values.oddLines) },
)

/** A section header and lines, `Image=` among them; sometimes the header again, or another section. */
const lines = (odd: boolean): fc.Arbitrary<readonly string[]> => {
  const more = fc.array(tidyLine, { maxLength: 5 })
  const image = oneOf(values.tidyImages).map(value => `Image=${value}`)
  const extras = fc.tuple(
    fc.option(fc.constantFrom('[Image]', '[Image] \t', '[Unit]\nAfter=x.target\n[Image]'), {
      freq: 6,
    }),
    odd ? fc.array(oddLine, { minLength: 1, maxLength: 2 }) : fc.constant([]),
  )
  const last = fc.option(oneOf(values.otherSections), { freq: 3 })
  return fc
    .tuple(more, image, more, extras, fc.nat(20), last)
    .map(([before, image, after, [header, odd], place, last]) => {
      const body = [...before, image, ...after]
      for (const line of [...(header === null ? [] : [header]), ...odd])
        body.splice(place % (body.length + 1), 0, line)
      return ['[Image]', ...body, ...(last === null ? [] : [last])]
    })
}

const text = (odd: boolean): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('', '', '', '', '# comment\n', '\n\n', ...(odd ? ['\ufeff', ' '] : [])),
      lines(odd),
      fc.constantFrom('\n', '\n', '\n', '\n', '\r\n', ' \n'),
      fc.constantFrom('\n', '\n', '', '\n\n', ' \n#', '\r\n'),
    )
    .map(([first, lines, end, last]) => first + lines.join(end) + last)

/** A change somewhere in a text: something is taken out or put in. */
const change = fc
  .tuple(fc.nat(999), fc.oneof(oneOf(values.pieces), fc.constant('')), fc.nat(3))
  .map(([place, piece, length]) => (text: string) => {
    const at = Math.floor((place / 1000) * (text.length + 1))
    return text.slice(0, at) + piece + text.slice(at + (piece === '' ? length : 0))
  })

const changedText = fc
  .tuple(text(false), fc.array(change, { minLength: 1, maxLength: 2 }))
  .map(([text, changes]) => changes.reduce((changed, change) => change(changed), text))

const dropInText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(tidyLine, { maxLength: 3 }).map(lines => `[Image]\n${lines.join('\n')}\n`),
  },
  fc.constantFrom('', '\n', '# only\n', 'garbage', '[Image]\nBogus=1\n', '[Image]\nImage=\n'),
  fc.constant('[Image]\nPodmanArgs=\nGlobalArgs=\n'),
)

/** A few drop-ins in some of these directories. */
export const dropInsIn = (directories: readonly string[]): fc.Arbitrary<readonly DropIn[]> =>
  fc.uniqueArray(
    fc.record({
      directory: oneOf(directories),
      name: fc.constantFrom('10-a.conf', '20-b.conf', '30-c.conf', 'readme'),
      text: dropInText,
    }),
    { maxLength: 3, selector: ({ directory, name }) => `${directory}/${name}` },
  )

/** Names, and the directories of drop-ins that belong to them, or that could seem to. */
const names = [
  { name: '*.image', directories: ['*.image.d', '*-.image.d'] },
  { name: '*-web.image', directories: ['*-web.image.d', '*-.image.d', '*-web-.image.d'] },
  { name: '*-a-b.image', directories: ['*-a-b.image.d', '*-a-.image.d', '*-.image.d'] },
  { name: '*@inst.image', directories: ['*@inst.image.d', '*@.image.d'] },
  { name: '*-x@a-b.image', directories: ['*-x@a-b.image.d', '*-x@.image.d', '*-.image.d'] },
  { name: '*-a\\x2db.image', directories: ['*-a\\x2db.image.d', '*-.image.d'] },
  { name: '*.v2.image', directories: ['*.v2.image.d'] },
]
const template = { name: '*@.image', directories: ['*@.image.d'] }

export const imageFiles: fc.Arbitrary<SpecFile> = fc
  .oneof({ weight: 50, arbitrary: fc.constantFrom(...names) }, fc.constant(template))
  .chain(({ name, directories }) =>
    fc.record({
      name: fc.constant(name),
      text: fc.oneof(
        { weight: 5, arbitrary: text(false) },
        { weight: 2, arbitrary: text(true) },
        { weight: 3, arbitrary: changedText },
      ),
      dropIns: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, dropInsIn(directories)),
    }),
  )
