/**
 * What is known to be wrong with a podman, for people: CVE-2026-111361 (podman: release notes of 5.8.10 and 6.2.0).
 *
 * @param version like `5.4.2` or `5.4.2+ds1-2`
 * @returns undefined if nothing is, or the version has another form
 */
export function podmanWeakness(
  version: string,
): { readonly reason: string; readonly remedy: string } | undefined {
  const [, number = '', ...parts] = /^((\d+)\.(\d+)\.(\d+))/u.exec(version) ?? []
  const [major, minor, patch] = parts.map(Number)
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  const isFixed =
    major > 6 ||
    (major === 6 && minor >= 2) ||
    (major === 5 && (minor > 8 || (minor === 8 && patch >= 10)))
  if (isFixed) return undefined
  return {
    reason: `podman ${number} does not check every digest and signature, so it can accept a wrong image (CVE-2026-111361)`,
    remedy: 'update podman to 5.8.10 or 6.2.0, unless the distribution has fixed this one',
  }
}
