import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { gigabyte, makeDisk, mountDisk } from '../disk-file.ts'
import { makeWorkArea } from '../work-area.ts'

const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8')
const loopDevices = async () => (await execa('losetup', ['--all'])).stdout

t.test('a lab leaves nothing', async t => {
  const area = await makeWorkArea()
  const work = join(area.dir, '..')
  const group = area.cgroup('one')
  const sleep = execa('sh', ['-c', 'echo $$ >"$0/cgroup.procs"; exec sleep 1000', group], {
    reject: false,
  })
  t.match(mounts(), work)
  await area.remove()
  t.match(await sleep, { signal: 'SIGKILL' })
  t.notOk(existsSync(work))
  t.notOk(existsSync(group))
  t.notMatch(mounts(), work)
  t.notMatch(await loopDevices(), basename(work))
})

t.test('what somebody holds is detached, and who holds it is said', async t => {
  const work = mkdtempSync(join(process.env['LAB_WORK'] ?? '/var/tmp', 'bootc-bound-images-lab-'))
  const dir = join(work, 'disk')
  mkdirSync(dir)
  const disk = { fileSystem: 'ext4', file: join(work, 'disk.img'), bytes: gigabyte / 16 } as const
  await makeDisk(disk)
  await mountDisk(disk, dir)
  const file = join(dir, 'held')
  writeFileSync(file, 'held')
  const held = openSync(file, 'r')
  const janitor = join(import.meta.dirname, '../janitor')
  const { stderr } = await execa(janitor, [work, '/no/group', '/'], {
    input: '',
    env: { PATIENCE: '1' },
  })
  t.match(stderr, new RegExp(`still removing ${work} after \\d+ s`))
  t.match(stderr, new RegExp(`^  ${dir}$`, 'm'), 'the mount')
  t.match(stderr, new RegExp(`^  ${process.pid} \\(.*\\): fd/${held} ${file}$`, 'm'), 'who')
  t.notOk(existsSync(work))
  t.notMatch(mounts(), work)
  t.match(await loopDevices(), basename(work), 'the loop device')
  closeSync(held)
  for (let tries = 0; (await loopDevices()).includes(basename(work)) && tries < 600; tries++)
    await new Promise(resolve => setTimeout(resolve, 100))
  t.notMatch(await loopDevices(), basename(work), 'goes with it')
})
