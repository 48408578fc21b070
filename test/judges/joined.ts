/** An option and its value as one word. */
export function joined(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    if (!word.startsWith('--')) return []
    const next = words[index + 1]
    return next === undefined || next.startsWith('--') || word.includes('=')
      ? [word]
      : [`${word}=${next}`]
  })
}
