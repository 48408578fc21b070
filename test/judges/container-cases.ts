import type { PodmanVersion } from '../../lib/facts/podman-version.ts'

/** Lines of a `[Container]`, and who takes them: Quadlet, maybe from one podman on, and this product. */
export type ContainerCase = readonly [
  lines: string,
  quadletTakes: boolean | PodmanVersion,
  oursTakes: boolean,
]

/** The image of the examples that name none. */
export const image = 'registry.example/app:1'

/** What the `.image` file has that they can name. */
export const sharedImage = `[Image]\nImage=${image}\nArch=arm64\n`

export const containerCases: readonly ContainerCase[] = [
  [`Image=${image}`, true, true],
  [`Image="${image}"\nExec=sleep "a b" %n a$X\nEnvironment=A=1\nVolume=%h:/x`, true, true],
  [
    `Image=other\nImage=${image}\nPodmanArgs=--pull=never --bogus \\\n  --authfile /etc/auth.json`,
    true,
    true,
  ],
  [`Image=${image}\nPull=always\nAutoUpdate=registry\n[Service]\nRestart=always`, true, true],
  [
    `Image=${image}\nGlobalArgs=--storage-opt=additionalimagestore=/usr/lib/bootc/storage`,
    true,
    true,
  ],
  [`Image=${image}\nRetry=3\nRetryDelay=10s`, [5, 5], true],
  [`Image=${image}\nContainersConfModule=/usr/share/module.conf`, true, true],
  [`Image=${image}\nGlobalArgs=--root=/x`, true, false],
  [`Image=${image}\nMount=type=tmpfs,dst=/x\nVolume=%h:/y`, true, true],
  [`Image=${image}\nMount='type=image,"source=registry.example/b:1"'`, true, false],
  [`Image=${image}\nPod=nowhere.pod`, false, true],
  ['Image=registry.example/%N:1\nServiceName=*-service', true, true],
  ['Image=registry.example/%o:1', true, true],
  ['Image=shared.image', true, true],
  [`Image=\nImage=nowhere.image`, false, false],
  ['Rootfs=/usr/share/root', true, false],
  [`Image=${image}\nRootfs=/usr/share/root`, false, false],
  [`Image=${image}\nBogus=1`, false, true],
  [`Image=${image}\nImgae=1`, false, false],
  [`Image=${image}\n\n[Quadlet]\nBogus=1`, false, true],
  [`Image=${image}\n[Quadlet]\nDefaultDependancies=1`, false, false],
  ['Exec=sleep', false, false],
  ['Image=', false, false],
  ['Image=registry.example/a b', true, false],
  ['Image=registry.example/%b:1', false, false],
]
