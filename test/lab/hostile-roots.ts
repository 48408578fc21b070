// Roots of OS images that somebody made to cost time or memory, or to write to a terminal. Each is small itself.

/** Text by path. A path that ends in / is a directory. */
export type HostileFiles = Readonly<Record<string, string | Buffer>>

const quadlets = 'usr/share/containers/systemd'
const entries = 'usr/lib/bootc-bound-images/bound-images.d'

const numbered = <T>(count: number, make: (index: number) => readonly [string, T]) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => make(index)))
const spec = (...lines: readonly string[]) => `${['[Image]', ...lines].join('\n')}\n`
const image = 'Image=registry.example/a:1'
const specs = (count: number, make: (index: number) => string) =>
  numbered(count, index => [`${entries}/s${index}.image`, make(index)])
const containers = (count: number, make: (index: number) => string) => ({
  ...numbered(count, index => [`${quadlets}/c${index}.container`, make(index)]),
  [`${entries}/all.toml`]: 'all = true\n',
})

const osRelease = (value: string) => ({ 'usr/lib/os-release': `ID=lab\nVERSION_ID=${value}\n` })
const controls = '\u001b[31m\u009b31m\u007f\u202e\u2028'

/** A root by what is hostile in it. */
export const hostileRoots: Readonly<Record<string, HostileFiles>> = {
  'a long value of os-release times many specifiers': {
    ...osRelease('7'.repeat(60_000)),
    ...specs(300, () => spec(image, `GlobalArgs=--log-level=${'%w'.repeat(100)}`)),
  },
  'a long value of os-release in a password': {
    ...osRelease('7'.repeat(60_000)),
    ...specs(50, () => spec(image, `Creds=u:${'%w'.repeat(200)}`)),
  },
  'NUL in os-release': {
    ...osRelease('7\0x'),
    ...specs(1, () => spec(image, 'GlobalArgs=--log-level=%w')),
  },
  '1,500 directories in each other': {
    [`${quadlets}/${'d/'.repeat(1500)}`]: '',
    ...specs(1, () => spec(image)),
  },
  '300 large files in registries.conf.d': {
    ...numbered(300, index => [
      `etc/containers/registries.conf.d/${index}.conf`,
      `[aliases]\n${Array.from({ length: 16_000 }, (_, at) => `"a${index}-${at}" = "registry.example/a/b/c/d/e"`).join('\n')}\n`,
    ]),
    ...specs(1, () => spec('Image=short:1')),
  },
  '2,000 spellings of one CertDir=': {
    'usr/certs/ca.crt': 'x'.repeat(1000),
    ...specs(2000, index =>
      spec(`Image=registry.example/a${index}:1`, `CertDir=/usr/certs${'/.'.repeat(index)}`),
    ),
  },
  '12,000 continued lines in each of 200 specs': specs(200, () =>
    spec(image, `PodmanArgs=--quiet ${'\\\n-q '.repeat(12_000)}`),
  ),
  'a Kubernetes YAML of many documents': {
    [`${quadlets}/a.kube`]: '[Kube]\nYaml=a.yaml\n',
    [`${quadlets}/a.yaml`]: Array.from(
      { length: 15_000 },
      (_, index) => `spec: {containers: [{image: r.example/a:${index}}]}`,
    ).join('\n---\n'),
    [`${entries}/all.toml`]: 'all = true\n',
  },
  'one Kubernetes YAML of 800 kB that 100 files name': {
    ...numbered(100, index => [`${quadlets}/k${index}.kube`, '[Kube]\nYaml=a.yaml\n']),
    [`${quadlets}/a.yaml`]: Array.from(
      { length: 12_000 },
      (_, index) => `spec: {containers: [{image: registry.example/a:${index}}]}`,
    ).join('\n---\n'),
    [`${entries}/all.toml`]: 'all = true\n',
  },
  'names of a megabyte': {
    [`${quadlets}/a.kube`]: '[Kube]\nYaml=a.yaml\n',
    [`${quadlets}/a.yaml`]: `spec: {containers: [{image: "${'A'.repeat(900_000)}"}]}\n`,
    [`${entries}/all.toml`]: 'all = true\n',
    ...specs(200, () => spec(image, `AuthFile=/usr/${'x'.repeat(45_000)}`)),
  },
  'controls in every text': {
    [`${entries}/a\u009b31m\u202e.image`]: spec(image, `Variant=x${controls}`),
    ...specs(1, () => spec(`Image=registry.example/${controls}`, `${controls}=1`)),
    [`${entries}/b.toml`]: `images = ["registry.example/${controls.slice(6)}"]\n`,
  },
  'many containers that mount many volumes of one pod': {
    [`${quadlets}/p.pod`]: `[Pod]\n${Array.from({ length: 90 }, (_, at) => `Volume=v${at}.volume:/v${at}`).join('\n')}\n`,
    ...numbered(90, at => [
      `${quadlets}/v${at}.volume`,
      `[Volume]\nDriver=image\nImage=registry.example/v${at}:1\n`,
    ]),
    ...containers(1500, () => '[Container]\nImage=registry.example/c:1\nPod=p.pod\n'),
  },
  'many containers that name one .image file': {
    [`${quadlets}/w.image`]: spec(
      image,
      ...Array.from({ length: 1500 }, () => '# comment '.repeat(4)),
    ),
    ...containers(
      4000,
      () => '[Container]\nImage=w.image\nMount=type=image,source=w.image,dst=/w\n',
    ),
  },
}
