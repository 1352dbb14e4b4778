/** Invented people and classes for the mock server; the same seed makes the same town. */

const FAMILY = [
  ['青木', 'あおき'], ['石井', 'いしい'], ['上田', 'うえだ'], ['江口', 'えぐち'], ['大野', 'おおの'], ['葛\u{e0100}城', 'かつらぎ'],
  ['加藤', 'かとう'], ['\ufa19田', 'かみた'], ['木村', 'きむら'], ['久保', 'くぼ'], ['小林', 'こばやし'], ['佐々木', 'ささき'],
  ['佐藤', 'さとう'], ['清水', 'しみず'], ['鈴木', 'すずき'], ['髙橋', 'たかはし'], ['田中', 'たなか'], ['津田', 'つだ'],
  ['中村', 'なかむら'], ['西', 'にし'], ['長谷川', 'はせがわ'], ['濵田', 'はまだ'], ['林', 'はやし'], ['福田', 'ふくだ'],
  ['本田', 'ほんだ'], ['前田', 'まえだ'], ['松本', 'まつもと'], ['宮﨑', 'みやざき'], ['村上', 'むらかみ'], ['森', 'もり'],
  ['山口', 'やまぐち'], ['山本', 'やまもと'], ['吉田', 'よしだ'], ['渡邉', 'わたなべ'], ['和田', 'わだ'],
]
const GIVEN = [
  ['陽菜', 'ひな'], ['蓮', 'れん'], ['結衣', 'ゆい'], ['湊', 'みなと'], ['葵', 'あおい'], ['律', 'りつ'], ['凛', 'りん'], ['樹', 'いつき'],
  ['澪', 'みお'], ['蒼', 'あおい'], ['紬', 'つむぎ'], ['朔', 'さく'], ['芽依', 'めい'], ['大翔', 'ひろと'], ['さくら', 'さくら'], ['陽翔', 'はると'],
  ['莉子', 'りこ'], ['悠真', 'ゆうま'], ['花', 'はな'], ['颯太', 'そうた'], ['心春', 'こはる'], ['新', 'あらた'], ['詩', 'うた'], ['湊斗', 'みなと'],
]
const LONG = ['ファン', 'ファン', 'グエン・ティ・トゥイ', 'グエン ティ トゥイ']

/** A small seeded generator (mulberry32). */
export function seeded(seed) {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function id(kind, n) {
  return `0199${kind}-0000-7000-8000-${String(n).padStart(12, '0')}`
}

let people = 0
function person(random, family, given) {
  const [f, g] = [family ?? FAMILY[Math.floor(random() * FAMILY.length)], given ?? GIVEN[Math.floor(random() * GIVEN.length)]]
  people += 1
  return { id: id('aaaa', people), family: f[0], given: g[0], family_kana: f[1], given_kana: g[1] }
}

function pupils(random, n) {
  const families = FAMILY.toSorted(() => random() - 0.5).slice(0, n - 1)
  while (families.length < n - 1) families.push(FAMILY[Math.floor(random() * FAMILY.length)])
  const all = families.map((family) => person(random, family))
  if (n > 20) all.push(person(random, [LONG[0], LONG[1]], [LONG[2], LONG[3]]))
  else all.push(person(random))
  return all.toSorted((a, b) => a.family_kana.localeCompare(b.family_kana, 'ja'))
}

/** Schools with classes, homerooms and pupils; two pupils of しらかば1組 visit 2年1組 (交流). */
export function town(seed = 7) {
  people = 0
  const random = seeded(seed)
  let classes = 0
  const school = (n, name, kind, grades, per, special) => {
    const made = { school: { id: id('5c00', n), name }, kind, classes: [] }
    const add = (label, grade, size, special_needs = false) => {
      classes += 1
      const members = pupils(random, size).map((pupil, i) => ({ pupil, number: i + 1, exchange: false, home_class: null }))
      made.classes.push({ class: { id: id('c1a5', classes), name: label, grade, special_needs }, homeroom: person(random), members })
    }
    for (const [grade, word] of grades) for (let k = 1; k <= per; k += 1) add(`${word}年${k}組`, grade, word === '2' && k === 1 ? 35 : 28 + Math.floor(random() * 6))
    if (special) add('しらかば1組', null, 5, true)
    return made
  }
  const primary = [['P1', '1'], ['P2', '2'], ['P3', '3'], ['P4', '4'], ['P5', '5'], ['P6', '6']]
  const schools = [
    school(1, '第一小学校', 'elementary', primary, 2, true),
    school(2, '第二小学校', 'elementary', primary, 1, false),
    school(3, '第一中学校', 'junior_high', [['J1', '1'], ['J2', '2'], ['J3', '3']], 2, false),
  ]
  const own = schools[0].classes.find((one) => one.class.name === '2年1組')
  const special = schools[0].classes.at(-1)
  own.members.push(
    ...special.members.slice(0, 2).map(({ pupil }) => ({ pupil, number: null, exchange: true, home_class: special.class })),
  )
  return { board: { id: id('b0a0', 1), name: '紬市教育委員会' }, schools, staff: person(random, ['山田', 'やまだ'], ['恵', 'めぐみ']), own }
}

export const SYMBOLS = [
  ['present', ' ', '', '出席', 'present', null, false, false, 'none'],
  ['absent_sick', 'K', '病', '病欠', 'absent', 'sick', false, false, 'absent'],
  ['absent_other', 'J', '事', '事故欠', 'absent', 'other', false, false, 'absent'],
  ['late', 'C', 'チ', '遅刻', 'present', null, true, false, 'late'],
  ['early_leave', 'S', '早', '早退', 'present', null, false, true, 'late'],
  ['late_early', 'B', '遅早', '遅刻・早退', 'present', null, true, true, 'late'],
  ['suspended', 'T', '停', '出席停止', 'absent', 'suspension', false, false, 'apart'],
  ['bereavement', 'M', '忌', '忌引', 'absent', 'bereavement', false, false, 'apart'],
].map(([code, key, glyph, word, presence, category, late, early, tint]) => ({ code, key, glyph, word, presence, category, late, early, tint }))

export const REASONS = [
  { code: 'mistaken_entry', word: '入力の誤り' },
  { code: 'told_later', word: '後から連絡があった' },
  { code: 'came_later', word: '後から登校した' },
  { code: 'other', word: 'ほか' },
]
