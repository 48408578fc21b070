// systemd is the judge of command lines: what it starts must get the words that were meant, byte by byte.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { defaultSettings } from '../../../lib/config/settings.ts'
import { planRequest } from '../../../lib/request/plan-request.ts'
import { readRequest } from '../../../lib/request/request.ts'
import { render } from '../../render-root.ts'
import { defaultStore } from '../../../lib/facts/image-store.ts'
import { pullCommand } from '../../../lib/render/pull-command.ts'
import { quoteArgument } from '../../../lib/render/quote-argument.ts'
import { anyArgument } from '../../judges/arguments.ts'
import { explain } from '../../judges/compare.ts'
import { hostileFiles } from '../../judges/hostile-files.ts'
import { imageFiles } from '../../judges/image-files.ts'
import { ourResult } from '../../judges/judge-specs.ts'
import { Quadlet } from '../../judges/quadlet.ts'
import { seed } from '../../judges/seed.ts'
import { writeBatch } from '../../judges/spec-file.ts'
import { linesOf } from '../../judges/unit-skeleton.ts'
import { Lab } from '../lab.ts'
import { recordArguments, recorder, verifyUnits } from '../recorder.ts'

const lab = await Lab.open()
t.teardown(() => lab.close())
const directory = mkdtempSync('/dev/shm/bootc-bound-images-judge-')
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const host = await lab.host()
t.comment(`${(await host.run('systemctl --version')).stdout.split('\n')[0]}, SEED=${seed}`)

/** A difference, as short as it can be shown. */
interface Wrong {
  readonly expected: string
  readonly found: string
}

function compare(
  expected: readonly string[],
  found: readonly Buffer[] | undefined,
): readonly Wrong[] {
  const isSame =
    found !== undefined &&
    Buffer.compare(joined(expected.map(word => Buffer.from(word))), joined(found)) === 0
  return isSame ? [] : [{ expected: show(expected), found: show(found ?? ['not started']) }]
}

function joined(words: readonly Buffer[]): Buffer {
  return Buffer.concat(words.flatMap(word => [word, Buffer.of(0)]))
}

function show(words: readonly (string | Buffer)[]): string {
  return JSON.stringify(words.map(String)).replaceAll(
    /[^ -~]/gu,
    character => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

function shortest(all: readonly Wrong[]): readonly Wrong[] {
  return all.toSorted((a, b) => a.expected.length - b.expected.length).slice(0, 5)
}

function service(command: string): string {
  return `[Service]\nType=oneshot\nExecStart=${command}\n`
}

t.test('any argument arrives as it is', { timeout: 300_000 }, async t => {
  const commands = fc.sample(fc.array(anyArgument, { maxLength: 6 }), { seed, numRuns: 2000 })
  const units = commands.map((words, index): [string, string] => [
    `judge-${index}.service`,
    service([recorder, ...words].map(quoteArgument).join(' ')),
  ])
  const recorded = await recordArguments(host, Object.fromEntries(units))
  const wrong = commands.flatMap((words, index) =>
    compare(words, recorded.get(`judge-${index}.service`)),
  )
  t.comment(`${commands.flat().length} arguments`)
  t.equal(recorded.size, units.length, 'every unit was started')
  t.strictSame(shortest(wrong), [], 'the shortest of the commands that came out wrong')
})

t.test('hostile specs: no fault in any unit, and the command that was decided', async t => {
  const podmanVersion = [5, 8] as const
  const root = join(directory, 'hostile')
  writeBatch(root, fc.sample(hostileFiles, { seed, numRuns: 1000 }))
  const settings = defaultSettings
  const request = readRequest(root, { hostRoot: undefined, podmanVersion })
  const { pulls } = planRequest(request, settings)
  const rendered = render(request, {
    systemdVersion: Number(
      /systemd (\d+)/u.exec((await host.run('systemctl --version')).stdout)?.[1],
    ),
    podmanVersion,
    imageStore: defaultStore,
    settings,
    temporaryDirectory: '/var/tmp',
    libraryDirectory: '/usr/lib/bootc-bound-images',
  })
  const texts = new Map(rendered.map(({ name, contents }) => [name, contents]))
  t.ok(texts.size > 200, `${texts.size} units`)

  const units = Object.fromEntries(
    pulls.map(({ unit }) => {
      const lines = linesOf(texts.get(unit) ?? '')
      const command = lines.find(({ key }) => key === 'ExecStart')?.value ?? ''
      return [unit, service(command.replace(/^\S*until-stalled \/usr\/bin\/podman/u, recorder))]
    }),
  )
  // No staging has noted the image store, without which no pull starts.
  await host.run(
    'cd /run && mkdir -p bootc-bound-images && touch bootc-bound-images/store-directories',
  )
  const recorded = await recordArguments(host, units)
  const wrong = pulls.flatMap(({ unit, boundImage }) =>
    compare(pullCommand(boundImage, podmanVersion, defaultStore).slice(1), recorded.get(unit)),
  )
  t.strictSame(shortest(wrong), [], 'the shortest of the commands that came out wrong')

  t.strictSame(
    await verifyUnits(host, Object.fromEntries(texts)),
    { exitCode: 0, stdout: '', stderr: '' },
    'systemd-analyze verify',
  )
})

const quadlet = await Quadlet.in(lab.rootfs)
t.test("Quadlet's services start with our words", async t => {
  const root = join(directory, 'quadlet')
  const files = fc.sample(imageFiles, { seed: seed + 1, numRuns: 1200 })
  const osRelease = readFileSync(join(lab.rootfs, 'usr/lib/os-release'), 'utf8')
  const { stdout: machineId } = await host.run('cat /etc/machine-id')
  const hostRoot = join(directory, 'host')
  mkdirSync(join(hostRoot, 'etc'), { recursive: true })
  writeFileSync(join(hostRoot, 'etc/machine-id'), `${machineId}\n`)
  const batch = writeBatch(root, files, [], { 'usr/lib/os-release': osRelease })
  const request = readRequest(root, {
    hostRoot,
    podmanVersion: [99, 0],
  })
  const { services } = await quadlet.read(batch.directory, recorder)
  // The others have a name that ServiceName= gave them, maybe that of a service of the system.
  const ours = [...services.values()].filter(({ unit }) => /^[^/]*f\d+[^/]*\.service$/u.test(unit))
  const units = Object.fromEntries(ours.map(({ unit, text }) => [unit, text]))
  const recorded = await recordArguments(host, units)

  let taken = 0
  const wrong = files.flatMap((file, index) => {
    const { path = '', entry = '' } = batch.files[index] ?? {}
    const service = services.get(path)
    if (service === undefined || !(service.unit in units)) return []
    const words = recorded.get(service.unit)?.map(String)
    const judgement = {
      file,
      quadlet: words ? { words: ['/usr/bin/podman', ...words] } : { refusal: 'not started' },
      ours: ourResult(request, entry),
    }
    if (words && 'words' in judgement.ours) taken++
    return explain(judgement) === undefined ? [judgement] : []
  })
  t.ok(taken >= 300, `${taken} specs taken by both`)
  t.strictSame(wrong.slice(0, 3), [], `${wrong.length} services with other words`)
})

t.test('the host shuts down', () => host.shutdown())
