import type { Content, Item, Look, Mapping } from './data'

/** The saved mapping whose every column is in the file: the newest of those with the most columns. */
export function fitting(mappings: readonly Mapping[], look: Look): Mapping | undefined {
  const there = new Set(look.columns.map(({ heading }) => heading))
  const size = ({ content }: Mapping) => Object.keys(content.columns).length
  return mappings
    .filter(({ content }) => Object.values(content.columns).every((heading) => there.has(heading)))
    .sort((one, other) => size(other) - size(one) || other.saved_at.localeCompare(one.saved_at))[0]
}

/** What the headings say by themselves. */
export function suggested(look: Look): Content {
  const columns: Record<string, string> = {}
  for (const { heading, item } of look.columns) if (item !== null) columns[item] = heading
  return { columns, schools: {}, reasons: {} }
}

/** The mapping with another column for an item; a column says one thing only. */
export function withColumn(content: Content, item: string, heading: string): Content {
  const columns: Record<string, string> = {}
  for (const [each, of] of Object.entries(content.columns)) if (each !== item && of !== heading) columns[each] = of
  if (heading !== '') columns[item] = heading
  return { ...content, columns }
}

const INSTEAD: readonly (readonly [string, readonly string[]])[] = [
  ['name', ['family', 'given']],
  ['kana', ['kana_family', 'kana_given']],
]
const BESIDE: Readonly<Record<string, string>> = { common_kana: 'common_name', guardian_number: 'guardian_name', guardian_kana: 'guardian_name', relation: 'guardian_name', guardian_address: 'guardian_name' }

/** Items that may still be chosen: a name is in one column or in two, and a reading says nothing without its name. */
export function offered(items: readonly Item[], { columns }: Content): readonly Item[] {
  const has = (item: string) => item in columns
  const no = INSTEAD.flatMap(([one, two]) => (has(one) ? two : two.some(has) ? [one] : []))
  return items.filter(({ item }) => has(item) || (!no.includes(item) && (BESIDE[item] === undefined || has(BESIDE[item]))))
}

/** Ways of writing a school of which neither the roster nor the mapping knows which one is meant. */
export function unknownSchools(look: Look, content: Content): readonly string[] {
  return look.schools.filter(({ word, school }) => school === null && !(word in content.schools)).map(({ word }) => word)
}

/** Reasons of which nobody has said what is to be done. */
export function unknownReasons(look: Look, content: Content): readonly string[] {
  return look.reasons.filter(({ word, does }) => does === null && !(word in content.reasons)).map(({ word }) => word)
}

/** Columns of the file that nothing is read from. */
export function unread(look: Look, content: Content): readonly string[] {
  const read = new Set(Object.values(content.columns))
  return look.columns.map(({ heading }) => heading).filter((heading) => !read.has(heading))
}

/** What must have a column before the file can be read, in words. */
export function missing(items: readonly Item[], { columns }: Content): readonly string[] {
  const has = (item: string) => item in columns
  const word = (item: string) => items.find((each) => each.item === item)?.word ?? item
  const found = items.filter(({ item, needed }) => needed && !has(item)).map(({ item }) => word(item))
  if (!has('name') && !(has('family') && has('given'))) found.push(word('name'))
  if (!has('kana') && !(has('kana_family') && has('kana_given'))) found.push(word('kana'))
  return found
}

/** Whether two mappings say the same. */
export function same(one: Content, other: Content): boolean {
  const plain = ({ columns, schools, reasons }: Content) => JSON.stringify([columns, schools, reasons].map((of) => Object.entries(of).sort()))
  return plain(one) === plain(other)
}
