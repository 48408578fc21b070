import { defineConfig, type OxlintOverride } from 'oxlint'

// The folders of lib/, each above all that it may import.
const folders = [
  'text',
  'backend',
  'root',
  'quadlet',
  'bound-images',
  'config',
  'facts',
  'plan',
  'render',
  'host',
  'state',
  'request',
  'survey',
  'tags',
  'check',
  'staging',
  'shutdown',
  'commands',
]

// What starts programs, reads or writes is not for them: they turn data into data.
const pure = ['text', 'plan', 'render']

// The one folder that may use a package, or start programs.
const owners: Readonly<Record<string, readonly string[]>> = {
  ini: ['quadlet'],
  execa: ['host'],
  yargs: ['commands'],
  'js-yaml': ['bound-images'],
  'smol-toml': ['backend', 'root', 'bound-images'],
  'node:child_process': ['host'],
}

const restrict = (folder: string, above: readonly string[]): OxlintOverride => {
  const others = Object.keys(owners).filter(
    name => !owners[name]?.some(owner => folder === `lib/${owner}`),
  )
  const files = pure.some(each => folder === `lib/${each}`) ? ['node:fs', 'node:fs/promises'] : []
  const patterns = above.map(each => `**/${each}/*`)
  return {
    files: [`${folder}/**`],
    rules: {
      'eslint/no-restricted-imports': ['error', { paths: [...others, ...files], patterns }],
    },
  }
}

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'import', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  rules: {
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-unnecessary-condition': 'error',
    'typescript/no-explicit-any': 'error',
    'import/no-cycle': 'error',
    'eslint/no-console': 'error',
    'eslint/no-shadow': 'off',
    'eslint/max-lines-per-function': [
      'error',
      { max: 50, skipComments: true, skipBlankLines: true },
    ],
  },
  overrides: [
    // What stands in lib/ itself is for all: it imports none of the folders.
    restrict('lib', folders),
    ...folders.map((folder, index) => restrict(`lib/${folder}`, folders.slice(index + 1))),
    {
      files: ['test/**'],
      rules: {
        'typescript/no-floating-promises': 'off',
        'eslint/max-lines-per-function': 'off',
        'import/no-cycle': 'off',
      },
    },
  ],
})
