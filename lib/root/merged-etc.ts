import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'

/** The three trees that ostree or bootc merges at finalization. Each may have its own copy of a path. */
export interface EtcTrees {
  /** /etc of the running system. */
  readonly local: string
  /** What the booted deployment ships: the files before local changes. */
  readonly booted: string
  /** What the new deployment ships. */
  readonly next: string
}

/**
 * The current location of the new deployment's copy of a path below /etc, while that deployment is staged.
 * Local changes and additions stay, local deletions stay deleted, and the rest comes from the new deployment
 * (ostree: src/libostree/ostree-sysroot-deploy.c, merge_configuration_from; bootc: crates/etc-merge/src/lib.rs).
 *
 * The rule applies to each path by itself, with one exception: a directory stays if something in it stays. A
 * path below a deleted directory does not resolve, because the directory is missing.
 *
 * @param below path below /etc whose parents are not links
 */
export function placeInEtc(trees: EtcTrees, below: string): string | undefined {
  const { local, booted, next } = trees
  const mine = join(local, below)
  const original = join(booted, below)
  const [mineStat, originalStat] = [statOf(mine), statOf(original)]
  if (mineStat === undefined) return originalStat === undefined ? join(next, below) : undefined
  if (originalStat === undefined || isChanged(mine, mineStat, original, originalStat)) return mine
  const shipped = join(next, below)
  const isDropped = mineStat.isDirectory() && statOf(shipped) === undefined
  return isDropped && keepsSomething(trees, below) ? mine : shipped
}

/**
 * Whether ostree recreates a dropped directory for something in it that stays
 * (ensure_directory_from_template).
 */
function keepsSomething(trees: EtcTrees, directory: string): boolean {
  return readdirSync(join(trees.local, directory)).some(name => {
    const place = placeInEtc(trees, join(directory, name))
    return place !== undefined && statOf(place) !== undefined
  })
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined // a file where the other tree has a directory
  }
}

/** Compares what ostree compares, except extended attributes (src/libostree/ostree-diff.c). */
function isChanged(mine: string, a: Stats, original: string, b: Stats): boolean {
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return true
  if (a.isSymbolicLink()) return readlinkSync(mine) !== readlinkSync(original)
  if (!a.isFile()) return false
  return a.size !== b.size || !readFileSync(mine).equals(readFileSync(original))
}
