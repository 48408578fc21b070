// Preloaded with --require: adds a line about what the process has used to the file that USAGE names, when it ends.
const { appendFileSync } = require('node:fs')
process.on('exit', () => {
  const usage = { ...process.resourceUsage(), command: process.argv.slice(2).join(' ') }
  appendFileSync(process.env.USAGE, `${JSON.stringify(usage)}\n`)
})
