import t from 'tap'
import {
  defaultSettings,
  settingKeys,
  settingNames,
  writeSetting,
  type Settings,
} from '../../lib/config/settings.ts'

t.test('every setting is in the table, and its default is a value', t => {
  t.strictSame(settingNames, Object.keys(defaultSettings))
  for (const name of settingNames) {
    const text = writeSetting(defaultSettings, name)
    if (text === '') t.not(settingKeys[name].defaultText, undefined, name)
    else t.strictSame(settingKeys[name].read(text), defaultSettings[name], name)
  }
  t.end()
})

t.test('values', t => {
  const cases: readonly [name: keyof Settings, text: string, value: unknown][] = [
    ['gate', 'require', 'require'],
    ['gate', 'warn', 'warn'],
    ['gate', 'off', 'off'],
    ['maxParallel', '1', 1],
    ['maxParallel', '064', 64],
    ['randomizedDelaySec', '12h', 43_200],
    ['retryLimit', '100', 100],
    ['retryDelaySec', '0', 0],
    ['retryDelaySec', '60min', 3600],
    ['retryMaxDelaySec', '1d', 86_400],
    ['stallTimeoutSec', '1s', 1],
    ['stallTimeoutSec', '24h', 86_400],
    ['pullTimeoutSec', '1s', 1],
    ['pullTimeoutSec', '1000ms', 1],
    ['flushTimeoutSec', '0', 0],
    ['flushTimeoutSec', '20min', 1200],
    ['gateTimeoutSec', '5', 5],
    ['gateTimeoutSec', '80', 80],
    ['resolveTimeoutSec', '1.5min', 90],
    ['resolveTimeoutSec', '2min', 120],
    ['store', '/var/lib/images', '/var/lib/images'],
    ['store', '//srv/./größe//x_1+2@3-.d/', '/srv/größe/x_1+2@3-.d'],
    ['store', '/tmpfs', '/tmpfs'],
    ['store', 'dedicated', '/var/lib/shared/bootc-bound-images'],
    ['specDirs', '/a', ['/a']],
    ['specDirs', '/b/ \t/a', ['/b', '/a']],
  ]
  for (const [name, text, value] of cases)
    t.strictSame(settingKeys[name].read(text), value, `${name}: ${text}`)
  t.equal(settingKeys.store.write(settingKeys.store.read('dedicated')), 'dedicated')
  t.end()
})

t.test('what is no value', t => {
  const long = `/${'x'.repeat(255)}`
  t.strictSame(settingKeys.store.read(long), long)
  type Case = readonly [name: keyof Settings, text: string, reason: RegExp]
  const cases: readonly Case[] = [
    ['gate', 'Require', /unknown value/],
    ['gate', 'yes', /unknown value/],
    ['gate', '"warn"', /unknown value/],
    ['gate', 'toString', /unknown value/],
    ...['-1', '+1', '1.0', '1e9', '0x10', '٣', 'Infinity', '4 # four', '1 2', '4\0'].map(
      (text): Case => ['maxParallel', text, /not a whole number/],
    ),
    ['maxParallel', '0', /below the minimum/],
    ['maxParallel', '65', /exceeds the maximum/],
    ['maxParallel', '9'.repeat(60_000), /exceeds the maximum/],
    ['retryLimit', '0', /below the minimum/],
    ['retryLimit', '101', /exceeds the maximum/],
    ['retryDelaySec', '61min', /exceeds the maximum/],
    ['retryMaxDelaySec', '1d 1s', /exceeds the maximum/],
    ['stallTimeoutSec', '0', /below the minimum/],
    ['pullTimeoutSec', '0', /below the minimum/],
    ['pullTimeoutSec', 'infinity', /not a finite time span/],
    ['pullTimeoutSec', '-1', /not a finite time span/],
    ['pullTimeoutSec', '1e9', /not a finite time span/],
    ['pullTimeoutSec', '9'.repeat(60_000), /exceeds the maximum|whole number/],
    ['flushTimeoutSec', '1201', /exceeds the maximum/],
    ['flushTimeoutSec', '0.5', /whole number of seconds/],
    ['gateTimeoutSec', '4', /below the minimum/],
    ['gateTimeoutSec', '81', /exceeds the maximum/],
    ['resolveTimeoutSec', '121', /exceeds the maximum/],
    ['store', 'var/lib/images', /not an absolute path/],
    ['store', '~/images', /not an absolute path/],
    ...Array.from('%$"\'`\\ :,;*?#&|<>(){}[]=!\t\n\0\u00a0\u200b\u202e\ufffd').map(
      (character): Case => ['store', `/a${character}b`, /not allowed/],
    ),
    ['store', '/', /root directory/],
    ['store', '/./', /root directory/],
    ['store', '/a/../b', /^\/a\/\.\.\/b contains \.\.$/],
    ['store', `${long}x`, /longer/],
    ['store', `/${'é'.repeat(128)}`, /longer/],
    ['store', long.repeat(16), /longer/],
    ...['dev', 'proc', 'run/x', 'sys', './/tmp/x'].map((path): Case => [
      'store',
      `/${path}`,
      /not survive a reboot/,
    ]),
    ['store', '/usr/lib/bootc/storage', /^this is a store of bootc/],
    ['store', '/sysroot/ostree/bootc/storage/overlay', /^this is a store of bootc/],
    ['specDirs', '/a b', /^b is not an absolute path/],
    ['specDirs', '"/a b"', /^"\/a is not an absolute path/],
    ['specDirs', '/a /%h', /^\/%h contains a character/],
  ]
  for (const [name, text, reason] of cases)
    t.throws(
      () => settingKeys[name].read(text),
      { message: reason },
      `${name}: ${text.slice(0, 40)}`,
    )
  t.end()
})
