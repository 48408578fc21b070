import t from 'tap'
import { parseDirectories } from '../../lib/host/parse-directories.ts'
import { parseImageList } from '../../lib/host/parse-image-list.ts'
import { parseLastError } from '../../lib/host/parse-last-error.ts'
import {
  parseMountUnits,
  parseUnitList,
  parseUnitStates,
} from '../../lib/host/parse-unit-states.ts'
import { parseUnknownImages } from '../../lib/host/parse-unknown-images.ts'

t.test('systemctl show of several units (systemd 257)', t => {
  const output = `Id=bootc-pending-0000000000000000-image.service
LoadState=loaded
ActiveState=activating
SubState=start-pre
Job=1234

Id=nothing.service
LoadState=not-found
ActiveState=inactive
SubState=dead
Job=

Id=a.target
LoadState=loaded
ActiveState=active
SubState=active
`
  t.strictSame(parseUnitStates(output), [
    {
      unit: 'bootc-pending-0000000000000000-image.service',
      load: 'loaded',
      active: 'activating',
      sub: 'start-pre',
      hasJob: true,
    },
    {
      unit: 'nothing.service',
      load: 'not-found',
      active: 'inactive',
      sub: 'dead',
      hasJob: false,
    },
    {
      unit: 'a.target',
      load: 'loaded',
      active: 'active',
      sub: 'active',
      hasJob: false,
    },
  ])
  t.end()
})

t.test('systemctl show of mounts and automounts (systemd 257)', t => {
  const output = `Where=/var/my-data
Id=var-my\\x2ddata.mount
RequiredBy=
WantedBy=remote-fs.target
After=remote-fs-pre.target -.mount
ActiveState=inactive
FragmentPath=/run/systemd/generator/var-my\\x2ddata.mount

Where=/srv
Id=srv.automount
RequiredBy=local-fs.target
WantedBy=
After=-.mount
ActiveState=active
FragmentPath=/run/systemd/generator/srv.automount

Where=/by/hand
Id=by-hand.mount
RequiredBy=
WantedBy=a.service
After=
ActiveState=active
FragmentPath=

Where=
Id=not-found.mount
RequiredBy=
WantedBy=
After=
ActiveState=inactive
FragmentPath=
`
  const units = [
    [String.raw`var-my\x2ddata.mount`, '/var/my-data', false, true, true],
    ['srv.automount', '/srv', true, true, false],
    ['by-hand.mount', '/by/hand', true, false, false],
  ] as const
  t.strictSame(
    parseMountUnits(output),
    units.map(([unit, where, isActive, isWanted, isRemote]) => ({
      unit,
      where,
      isActive,
      isWanted,
      isRemote,
    })),
  )
  t.end()
})

t.test('systemctl list-units (systemd 252 and 257)', t => {
  const output =
    '[{"unit":"bootc-pending-0000000000000000-image.service","load":"loaded","active":"activating","sub":"start","job":"start","description":"Pull \\"x\\""},{"unit":"a.target","load":"loaded","active":"active","sub":"active","job":"","description":"a.target"}]'
  t.strictSame(parseUnitList(output), [
    {
      unit: 'bootc-pending-0000000000000000-image.service',
      load: 'loaded',
      active: 'activating',
      sub: 'start',
      hasJob: true,
    },
    { unit: 'a.target', load: 'loaded', active: 'active', sub: 'active', hasJob: false },
  ])
  for (const nothing of ['[]', 'null']) t.strictSame(parseUnitList(nothing), [])
  t.match(parseUnitList('[{"unit":"a.target"}]'), [{ load: '', hasJob: false }])
  t.end()
})

t.test('the last error of podman 5.4', t => {
  const output = `Trying to pull 127.0.0.1:5000/nope:v1...
Error: first
Error: unable to copy from source docker://127.0.0.1:5000/nope:v1: manifest unknown
bootc-pending-0000000000000000-image.service: Main process exited, code=exited, status=125/n/a
`
  t.equal(
    parseLastError(output),
    'unable to copy from source docker://127.0.0.1:5000/nope:v1: manifest unknown',
  )
  t.equal(parseLastError('Trying to pull\n'), undefined)
  t.match(
    parseLastError(`Error: ${'x'.repeat(900_000)}: manifest unknown`),
    /^x{500} \[899418 more characters\] x{82}: manifest unknown$/u,
  )
  t.end()
})

t.test('images that podman does not know', t => {
  const outputs = {
    '5.4 and 5.8': `127.0.0.1:5000/b:1: image not known
127.0.0.1:5000/y@sha256:0000: image not known
Error: 127.0.0.1:5000/x:1: image not known
`,
  }
  for (const [version, output] of Object.entries(outputs))
    t.strictSame(
      [...parseUnknownImages(output)].toSorted(),
      ['127.0.0.1:5000/b:1', '127.0.0.1:5000/x:1', '127.0.0.1:5000/y@sha256:0000'],
      version,
    )
  const others = [
    '',
    'Error: inspecting object: invalid reference format',
    'Error: parsing reference "not a name": invalid reference format',
    'Error: inspecting object: locating image "x" with ID "0": layer not known',
  ]
  for (const output of others) t.strictSame([...parseUnknownImages(output)], [], output)
  t.end()
})

t.test('the last error is one of systemd (257)', t => {
  const output = `Error: initializing source docker://127.0.0.1:5000/nope:v1: EOF
bootc-pending-0000000000000000-image.service: Scheduled restart job, restart counter is at 1.
Trying to pull 127.0.0.1:5000/nope:v1...
bootc-pending-0000000000000000-image.service: start operation timed out. Terminating.
bootc-pending-0000000000000000-image.service: Main process exited, code=exited, status=1/FAILURE
`
  t.match(parseLastError(output), /timed out/)
  t.equal(
    parseLastError(
      'bootc-pending-0000000000000000-image.service: Failed at step EXEC spawning /usr/bin/podman: No such file or directory\n',
    ),
    'starting /usr/bin/podman: No such file or directory',
  )
  t.end()
})

const names = (list: string, others?: ReadonlySet<string>) =>
  Object.fromEntries(parseImageList(list, others).names)

t.test('podman image list --format json (podman 5.4)', t => {
  const [one, two] = ['1'.repeat(64), '2'.repeat(64)]
  const output = JSON.stringify([
    { Id: one, RepoTags: null, Names: ['quay.io/a:1', `quay.io/a@sha256:${two}`] },
    { Id: two, RepoTags: null },
    'not an image',
  ])
  t.strictSame(parseImageList(output), {
    ids: new Set([one, two]),
    names: new Map([
      ['quay.io/a:1', one],
      [`quay.io/a@sha256:${two}`, one],
    ]),
  })
  const file = JSON.stringify([{ id: one, names: ['quay.io/a:1'] }, { id: two }])
  t.strictSame(
    parseImageList(file),
    { ids: new Set([one, two]), names: new Map([['quay.io/a:1', one]]) },
    'its own file',
  )
  const both = JSON.stringify([
    { Id: one, Names: ['a'] },
    { Id: one, Names: ['b'], ReadOnly: true },
  ])
  t.strictSame(names(both), { a: one }, 'podman finds the writable one alone')
  const older = JSON.stringify([
    { Id: two, Names: ['a'] },
    { Id: one, Names: ['a', 'b'], ReadOnly: true },
  ])
  t.strictSame(names(older), { a: two, b: one })
  t.strictSame(names(older, new Set([one])), { a: two }, 'without those of another store')
  t.strictSame(parseImageList('null'), { ids: new Set(), names: new Map() })
  t.end()
})

t.test("where an image's layers are (podman 5.4, 5.8)", t => {
  t.strictSame(
    parseDirectories(
      '{"LowerDir":"/a/1/diff:/usr/b/2/diff","UpperDir":"/a/3/diff","WorkDir":"/a/3/work"}',
    ),
    ['/a/1/diff', '/usr/b/2/diff', '/a/3/diff', '/a/3/work'],
  )
  t.strictSame(parseDirectories('null'), [])
  t.strictSame(parseDirectories('{"Subvolumes":["x"],"Id":"y"}'), [])
  t.end()
})
