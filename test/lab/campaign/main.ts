// The long campaigns. ONLY=NAME runs one of them, SEED=N begins with that seed instead of a random one, RUNS=N makes so
// many runs.
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Lab } from '../lab.ts'
import { type Campaign, runCampaign } from './campaign.ts'
import { describeRun, seedsFrom, summarize } from './report.ts'
import type { Outcome } from './run.ts'

const campaigns: Readonly<Record<string, { readonly runs: number; readonly campaign: Campaign }>> =
  {
    crash: { runs: 300, campaign: { kind: 'crash' } },
    'power-ext4': { runs: 60, campaign: { kind: 'power', store: 'plain' } },
    'power-xfs': { runs: 60, campaign: { kind: 'power', store: 'plain', fileSystem: 'xfs' } },
    'power-btrfs': { runs: 20, campaign: { kind: 'power', store: 'btrfs' } },
    'power-data': { runs: 20, campaign: { kind: 'power', store: 'data' } },
    'power-imagestore': { runs: 20, campaign: { kind: 'power', store: 'imagestore' } },
    hand: { runs: 20, campaign: { kind: 'hand', store: 'plain' } },
    'hand-layer': { runs: 20, campaign: { kind: 'hand-layer', store: 'plain' } },
    // must break promises, or the others prove nothing
    'power-without-sync': {
      runs: 30,
      campaign: { kind: 'power', store: 'plain', withoutSync: true },
    },
  }

const say = (text: string) => process.stdout.write(`${text}\n`)

async function runOne(name: string, { runs, campaign }: (typeof campaigns)[string]) {
  const seeds = seedsFrom(
    Number(process.env['SEED'] ?? randomInt(1e6)),
    Number(process.env['RUNS'] ?? runs),
  )
  const outcomes: Outcome[] = []
  const lab = await Lab.open()
  try {
    await runCampaign(lab, campaign, seeds, outcome => {
      outcomes.push(outcome)
      say(`${outcomes.length}/${seeds.length} ${describeRun(outcome.plan)}: ${verdict(outcome)}`)
    })
  } finally {
    await lab.close()
  }
  return outcomes
}

function verdict({ booted, violations }: Outcome): string {
  return violations.length > 0 ? `BROKEN\n${violations.join('\n')}` : booted.join('; then ')
}

const wanted = Object.entries(campaigns).filter(([name]) => name === (process.env['ONLY'] ?? name))
if (wanted.length === 0) throw new Error(`ONLY= is one of ${Object.keys(campaigns).join(', ')}`)
const lines: string[] = []
for (const [name, { runs, campaign }] of wanted) {
  say(`\n${name}`)
  const begin = Date.now()
  const outcomes = await runOne(name, { runs, campaign })
  const broken = outcomes.filter(({ violations }) => violations.length > 0)
  const mustBreak = 'withoutSync' in campaign
  const isRight = mustBreak === broken.length > 0
  if (!isRight) process.exitCode = 1
  for (const outcome of mustBreak ? [] : broken) {
    const { plan, violations, journal } = outcome
    const file = `dist/campaign-${name}-${plan.seed}.log`
    writeFileSync(file, journal)
    lines.push(`${name} ${describeRun(plan)}`, ...violations, `its journal is in ${file}`)
    lines.push(`once more: make campaign ONLY=${name} RUNS=1 SEED=${plan.seed}`)
  }
  const minutes = Math.round((Date.now() - begin) / 60_000)
  const expected = mustBreak ? ', as it must' : ''
  lines.push(
    `${name}: ${summarize(outcomes)}${expected}, in ${minutes} min: ${isRight ? 'ok' : 'NOT OK'}`,
  )
}
say(`\n${lines.join('\n')}`)
