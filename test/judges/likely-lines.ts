import type { Random } from '../lab/campaign/random.ts'

// Lines of Quadlet files as people write them: the keys, values and habits that public collections of such files show.
// NAME stands for the name of the file.

const digest = `sha256:${'0f1e2d3c4b5a6978'.repeat(4)}`

/** Images without a registry; registries.conf of the root names docker.io. */
export const shortImages = [
  'redis',
  'nginx:alpine',
  'postgres:16',
  'grafana/grafana:11.1.0',
] as const

/** Images of registries. */
export const fullImages = [
  'docker.io/library/NAME:latest',
  'docker.io/library/postgres:16-alpine',
  'docker.io/nginx:stable',
  'docker.io/vaultwarden/server',
  'ghcr.io/NAME/NAME:v2.14',
  'ghcr.io/home-assistant/home-assistant:stable',
  'lscr.io/linuxserver/NAME:latest',
  'quay.io/prometheus/node-exporter:v1.8.2',
  `quay.io/keycloak/keycloak@${digest}`,
  `docker.io/traefik:v3@${digest}`,
  'registry.access.redhat.com/ubi9/ubi-minimal:9.4',
  'mcr.microsoft.com/mssql/server:2022-latest',
  'public.ecr.aws/docker/library/NAME:3',
  'registry.corp.example:5000/team/NAME:2.3.0',
  'docker://quay.io/podman/hello:latest',
  'codeberg.org/forgejo/forgejo:9-rootless',
] as const

/** What is odd about the image of some files. */
export const oddImages = [
  '"ghcr.io/NAME/quoted:1"',
  'quay.io/NAME/%p:latest',
  'registry.corp.example/%o/NAME:%w',
  'docker.io/library/NAME:${TAG}',
  'localhost/NAME:latest',
  "'docker.io/library/NAME:1'",
  'docker.io/library/NAME:latest # pinned later',
  'NAME.build',
  'docker.io/Library/NAME:1',
  'dir:/usr/lib/images/NAME',
] as const

/** Lines of a [Container] that have nothing to do with its images. */
export const harmlessLines = [
  'ContainerName=NAME',
  'ContainerName=systemd-%N',
  'HostName=NAME.%H',
  'AutoUpdate=registry',
  'Label=io.containers.autoupdate=registry',
  'Label=traefik.enable=true',
  'Label="traefik.http.routers.NAME.rule=Host(`NAME.example.org`) && PathPrefix(`/api`)"',
  'Label=org.opencontainers.image.source=https://github.com/example/NAME',
  'Label=image=docker.io/library/other:1',
  'PublishPort=8080:80',
  'PublishPort=127.0.0.1:61000:3456/tcp',
  'PublishPort=[::1]:53:53/udp',
  'PublishPort=%i:5432',
  'Volume=/srv/NAME:/data:Z',
  'Volume=%h/containers/NAME:/config:z,U',
  'Volume=/etc/localtime:/etc/localtime:ro',
  'Volume=/run/user/%U/podman/podman.sock:/var/run/docker.sock:ro',
  'Volume=NAME-anonymous:/var/lib/NAME',
  'Volume=/var/lib/anonymous',
  'Volume=./conf:/conf:ro',
  'Mount=type=bind,source=/srv/NAME,destination=/srv,ro=true',
  'Mount=type=tmpfs,tmpfs-size=512M,destination=/tmp',
  'Mount=type=bind,src=%t/systemd/journal,dst=/run/systemd/journal,relabel=shared',
  'Mount=type=glob,src=/usr/lib/NAME\\*,dst=/usr/lib64,ro=true',
  'Tmpfs=/tmp:rw,size=64m',
  'Network=host',
  'Network=slirp4netns:port_handler=slirp4netns',
  'Network=bridge:ip=10.88.0.20',
  'NetworkAlias=db',
  'Environment=TZ=Europe/Berlin',
  'Environment="GREETING=hello world" PUID=1000 PGID=1000',
  'Environment=JSON=\'{"a": 1, "b": ["c"]}\'',
  'Environment=IMAGE=docker.io/library/other:1',
  'Environment=PASSWORD=a$$b%%c',
  'EnvironmentFile=/etc/NAME/env',
  'EnvironmentFile=-%h/.config/NAME.env',
  'Secret=NAME-password,type=env,target=POSTGRES_PASSWORD',
  'Secret=tls-key,uid=1000,gid=1000,mode=0400',
  'HealthCmd=curl -f http://localhost:8080/health || exit 1',
  'HealthCmd=["CMD-SHELL", "pg_isready -U postgres"]',
  'HealthCmd=CMD-SHELL pg_isready -d $${POSTGRES_DB} -U $${POSTGRES_USER}',
  'HealthInterval=30s',
  'HealthOnFailure=kill',
  'HealthStartPeriod=1m',
  'Notify=healthy',
  'Notify=true',
  'User=1000:1000',
  'User=%U',
  'UserNS=keep-id:uid=1000,gid=1000',
  'UserNS=auto:size=65536',
  'AddCapability=NET_ADMIN NET_RAW',
  'DropCapability=all',
  'NoNewPrivileges=true',
  'SecurityLabelDisable=true',
  'SecurityLabelType=container_runtime_t',
  'SeccompProfile=/usr/share/containers/seccomp.json',
  'AddDevice=/dev/dri:/dev/dri',
  'AddDevice=-/dev/kfd',
  'AddDevice=nvidia.com/gpu=all',
  'GroupAdd=keep-groups',
  'Ulimit=nofile=65536:65536',
  'Sysctl=net.ipv4.ip_unprivileged_port_start=80',
  'ReadOnly=yes',
  'RunInit=true',
  'Pull=newer',
  'Pull=never',
  'LogDriver=journald',
  'LogOpt=tag=NAME',
  'StopTimeout=60',
  'ShmSize=256m',
  'DNS=9.9.9.9',
  'AddHost=host.containers.internal:host-gateway',
  'Timezone=local',
  'Entrypoint=/usr/bin/dumb-init',
  'WorkingDir=/app',
  'Annotation=run.oci.keep_original_groups=1',
  'Unmask=ALL',
  'Exec=server --config /etc/NAME.yaml',
  'Exec=sh -c "exec /entrypoint.sh \\"$$@\\"" --',
  "Exec=/bin/sh -c 'while true; do date; sleep 60; done'",
  'Exec=--providers.docker --entrypoints.web.address=:80 \\\n  --entrypoints.websecure.address=:443 \\\n  --log.level=INFO',
  'Exec=start \\\n# the port that the proxy knows\n     --http-port 8080 \\\n     --hostname=%H',
  'Environment=A=1 \\\n    B=2 \\\n    "C=three words"',
  'PodmanArgs=--memory=512m --cpus=1.5',
  'PodmanArgs=--privileged',
  "PodmanArgs=--device-cgroup-rule='a *:* r'",
  'PodmanArgs="--gpus=all" \\\n  --pid=host',
  'PodmanArgs=--network-alias NAME',
  'GlobalArgs=--log-level=debug',
] as const

/** Lines of a [Container] that decide how the image is pulled. */
export const pullLines = [
  'PodmanArgs=--authfile=/etc/auth.json',
  'PodmanArgs=--tty --authfile /run/containers/0/auth.json --rm',
  'PodmanArgs=--arch arm64',
  'PodmanArgs=--tls-verify=false --hostuser=root',
  'PodmanArgs=--platform=linux/amd64 --memory 1g',
  'PodmanArgs=--cert-dir=/usr/share/certs',
  'PodmanArgs=--retry 5 --retry-delay=10s',
  'ContainersConfModule=/usr/share/module.conf',
  'Retry=5',
  'RetryDelay=30s',
] as const

/** Lines of an [Image]. */
export const imageLines = [
  'AuthFile=/etc/auth.json',
  'AuthFile=/etc/containers/auth.json',
  'AuthFile=%t/containers/0/auth.json',
  'AuthFile=%h/.config/containers/auth.json',
  'Arch=arm64',
  'Arch=%a',
  'OS=linux',
  'Variant=v8',
  'TLSVerify=false',
  'TLSVerify = true',
  'AllTags=false',
  'CertDir=/etc/containers/certs.d/registry.corp.example',
  'Creds=robot:s3cret',
  'Policy=missing',
  'Policy=newer',
  'Retry=3',
  'RetryDelay=10s',
  'PodmanArgs=--quiet',
  'PodmanArgs=--retry=3 \\\n  --retry-delay 5s',
  'GlobalArgs=--log-level=info',
  'ContainersConfModule=/usr/share/module.conf',
  'DecryptionKey=/usr/lib/keys/key.pem',
  'ServiceName=NAME-pull',
  'ImageTag=',
] as const

/** Sections for systemd. */
export const systemdSections = [
  '[Unit]\nDescription=NAME, a service\nAfter=network-online.target\nWants=network-online.target',
  '[Unit]\nDescription=The "NAME" container (100%% quadlet)\nDocumentation=https://example.org/NAME man:podman(1)',
  '[Unit]\nDescription=NAME\nRequiresMountsFor=%t/containers\nStartLimitBurst=5',
  '[Service]\nRestart=always\nTimeoutStartSec=900',
  '[Service]\nRestart=on-failure\nExecStartPre=-/usr/bin/mkdir -p %h/NAME\nExecReload=podman exec NAME nginx -s reload',
  '[Service]\nEnvironment="HTTPS_PROXY=http://proxy.corp.example:3128" NO_PROXY=localhost\nSlice=apps.slice',
  '[Install]\nWantedBy=multi-user.target default.target',
  '[Install]\n# Start by default on boot\nWantedBy=default.target',
  '[Quadlet]\nDefaultDependencies=false',
  '[X-Podlet]\nSource=podman run --name NAME docker.io/library/other:1',
] as const

/** One of them. */
export function oneOf<T>(random: Random, all: readonly T[]): T {
  const found = all[random.integer(0, all.length - 1)]
  if (found === undefined) throw new Error('nothing to choose from')
  return found
}

/** A few of them, in any order. */
export function someOf<T>(random: Random, all: readonly T[], least: number, most: number): T[] {
  return Array.from({ length: random.integer(least, most) }, () => oneOf(random, all))
}
