import t from 'tap'
import { withContainersDirectory } from '../../lib/host/with-containers-directory.ts'

t.test("the host's own directory needs nothing", t => {
  t.strictSame(withContainersDirectory(undefined, ['podman', 'image', 'pull', 'a b']), [
    'podman',
    'image',
    'pull',
    'a b',
  ])
  t.end()
})

t.test('another directory is mounted where only the command sees it', t => {
  const command = withContainersDirectory('/run/a "b"/c', ['skopeo', 'inspect', '--', '$x'])
  const [, , , , , script = ''] = command
  t.match(script, /^mount --bind -- "\$0" \/etc\/containers && .* && exec "\$@"$/u)
  t.match(script, ' /usr/share/containers/registries.rootful.conf.d ')
  t.strictSame(command, [
    'unshare',
    '--mount',
    '--',
    '/bin/sh',
    '-c',
    script,
    '/run/a "b"/c',
    'skopeo',
    'inspect',
    '--',
    '$x',
  ])
  t.end()
})
