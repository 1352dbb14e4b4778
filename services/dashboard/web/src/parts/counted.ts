const digits = new Intl.NumberFormat('ja-JP')

/** How many there are, as it is read: 19,990. What a number names (a year, a seat, a run) is written as it is. */
export function counted(n: number): string {
  return digits.format(n)
}
