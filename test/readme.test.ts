import { readFileSync } from 'node:fs'
import t from 'tap'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

t.test('the example of the README is a golden case', t => {
  const blocks = [...read('../README.md').matchAll(/```ini\n([^]*?)```/gu)].map(([, text]) => text)
  t.strictSame(blocks, [
    read('golden/01-example/root/usr/share/containers/systemd/web.image'),
    read('golden/01-example/root/usr/share/containers/systemd/cache.container'),
    read('golden/01-example/expected/bootc-pending-bfb01aefa2c067f2-image.service'),
  ])
  t.end()
})
