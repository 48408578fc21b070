import type { Test } from 'tap'
import type { Blow, Event, RunPlan, Victim } from './draw-run.ts'
import type { Outcome } from './run.ts'

/** What a run does, in a line. */
export function describeRun({ seed, byHand, blows }: RunPlan): string {
  const syncs = byHand?.syncs === true ? ' during which something synced' : ''
  return `SEED=${seed}: ${blows.map(describeBlow).join('; then ')}${syncs}`
}

/** An assertion that a run kept every promise. Its name says which it broke, in a line: CI shows little more. */
export function expectKept(t: Test, { plan, violations, journal }: Outcome): void {
  const name = [describeRun(plan), ...violations].join('; ').replaceAll('\n', ' ')
  t.strictSame(violations, [], name, violations.length > 0 ? { journal } : {})
}

/** So many seeds, in a row. */
export function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

/** What came of many runs, in a line. */
export function summarize(outcomes: readonly Outcome[]): string {
  const broken = outcomes.filter(({ violations }) => violations.length > 0)
  const blows = outcomes.flatMap(({ plan, booted }) =>
    booted.map((after, index) => `${plan.blows[index]?.victim}, ${after}`),
  )
  const counts = [...new Set(blows)]
    .map(blow => `${blows.filter(other => other === blow).length} x ${blow}`)
    .toSorted()
  return `${outcomes.length} runs, ${broken.length} broke a promise (${counts.join('; ')})`
}

const struck: Readonly<Record<Victim, string>> = {
  power: 'power cut',
  host: 'host killed',
  registry: 'registry away',
  podman: 'podman killed',
  program: 'our program killed',
}

const since: Readonly<Record<Event, string>> = {
  'pulling by hand': 'a pull by hand began',
  'pulled by hand': 'a pull by hand',
  staged: 'staging',
  pulled: 'the last pull',
  shutdown: 'the request to shut down',
  gate: 'the gate began',
  finalized: 'finalization',
}

function describeBlow({ victim, moment, shutdown, awayMs }: Blow): string {
  return [
    struck[victim],
    ...(awayMs === undefined ? [] : [`for ${awayMs} ms`]),
    `${moment.ms} ms after ${since[moment.event]}`,
    ...(shutdown ? [`(that was asked for ${shutdown.ms} ms after ${since[shutdown.event]})`] : []),
  ].join(' ')
}
