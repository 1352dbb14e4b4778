/** People of the mock server: lists, cards and changes, as much of them as the screens need. */
const BASE = '/api/registry/v1/people'
const plain = (text) => text.normalize('NFKC').replace(/[\u30a1-\u30f6]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0x60)).replaceAll('髙', '高').replaceAll('﨑', '崎').replace(/[\s\u{e0100}]/gu, '')

function everybody(mock) {
  return mock.town.schools.flatMap(({ school, classes }) =>
    classes.flatMap((one) =>
      one.members
        .filter(({ exchange }) => !exchange)
        .map(({ pupil, number }) => ({ person: pupil, hat: 'pupil', school, school_class: { id: one.class.id, name: one.class.name }, number, grade: one.class.grade, birth_month: 1 + ((number ?? 1) % 12), mine: one === mock.town.own, of: null })),
    ),
  )
}

function list(mock, who, query) {
  const [q, hat] = [plain(query.get('q') ?? ''), query.get('hat') ?? 'all']
  const of = /^(\d+)-(\d+)$/.exec(q)
  const unknown = of && `${of[1]}年${of[2]}組`
  if (unknown && !everybody(mock).some(({ school_class }) => school_class.name === unknown)) return { people: [], more: false, unknown_class: unknown, live: [] }
  const rows = Number(query.get('rows') ?? 20)
  if (mock.empty || hat === 'staff' || hat === 'guardian') return { people: [], more: false, unknown_class: null, live: [] }
  const found = everybody(mock)
    .filter((one) => (query.get('school') ?? one.school.id) === one.school.id && (query.get('class_id') ?? one.school_class.id) === one.school_class.id)
    .filter(({ person }) => plain(person.family + person.given).includes(q) || plain(person.family_kana + person.given_kana).includes(q))
    .filter(({ school }) => who === 'board' || school.id === mock.town.schools[0].school.id)
    .toSorted((a, b) => Number(b.mine) - Number(a.mine))
  return { people: found.slice(0, rows), more: found.length > rows, unknown_class: null, live: [`office:${mock.town.schools[0].school.id}`] }
}

function places(mock, who, school) {
  const schools = who === 'operator' ? [] : who === 'board' ? mock.town.schools : mock.town.schools.slice(0, 1)
  const shown = schools.find((one) => one.school.id === school) ?? schools[0]
  return { schools: schools.map((one) => one.school), classes: (shown?.classes ?? []).map(({ class: { id, name, grade } }) => ({ id, name, grade })) }
}

const PHONES = [
  { number: '090-0000-0001', kind: 'mobile', kind_word: '携帯' },
  { number: '0999-00-0002', kind: 'work', kind_word: '勤務先' },
]

function card(mock, who, id) {
  const found = everybody(mock).find(({ person }) => person.id === id)
  if (!found) return null
  const { person, school, school_class, number } = found
  const office = who === 'office' || who === 'board'
  const mother = { id: `${id.slice(0, -4)}f001`, family: person.family, given: '恵', family_kana: person.family_kana, given_kana: 'めぐみ' }
  const calls = office || who === 'principal'
  const tie = { period: `${id.slice(0, -4)}e001`, person: mother, relation: 'mother', relation_word: '母', notify: true, read: true, contact: calls, phones: calls ? PHONES : [], since: '2026-04-01', last: null }
  const period = { since: '2026-04-01', last: '2027-03-31' }
  const at = '2026-03-20T12:00:00+09:00'
  const line = (side, words, notes = [], more = {}) => ({ side, since: '2026-04-01', words, notes, at, by: '名簿の取り込み', reason: null, taken_back: false, ...more })
  return {
    person,
    legal: { family: person.family, given: person.given, family_kana: person.family_kana, given_kana: person.given_kana },
    common: null,
    birth_date: '2018-05-06',
    sex: 'female',
    sex_word: '女',
    revision: mock.revisions?.get(id) ?? 1,
    hats: ['pupil'],
    as_of: '2026-11-20',
    known_at: null,
    pupil: {
      enrolment: { period: `${id.slice(0, -4)}d001`, school, grade: found.grade ?? 'P2', grade_word: `${(found.grade ?? 'P2').slice(1)}年`, ...period },
      home: { period: `${id.slice(0, -4)}d002`, school: school.id, school_class, kind: 'home', number, ...period },
      exchange: [],
      next: [],
    },
    protected: mock.protected === id,
    guardians: who === 'principal' || office || who === 'teacher' ? [tie] : null,
    protection: mock.protected === id ? { period: `${id.slice(0, -4)}c001`, since: '2026-09-01', confidential_from: [{ ...mother, given: '剛', given_kana: 'つよし' }] } : null,
    children: null,
    duties: null,
    contact: office ? { period: `${id.slice(0, -4)}b001`, postal_code: '0000012', address: '紬市本町1丁目2番3号 つむぎ団地501', phones: PHONES, language: 'vi', language_word: 'Tiếng Việt', since: '2026-04-01', last: null } : null,
    contact_next: office && mock.moving ? { period: `${id.slice(0, -4)}b002`, postal_code: '0000013', address: '紬市西町9番', phones: PHONES.slice(0, 1), language: 'vi', language_word: 'Tiếng Việt', since: '2026-12-01', last: null } : null,
    history: office
      ? [
          line('class', `4月1日から ${school_class.name}${number}番`, ['9月1日に訂正: 前は2番'], { at: '2026-09-01T09:12:00+09:00', by: '山田 恵', reason: '名簿の写しまちがい' }),
          line('enrolment', `4月1日から ${school.name} 2年`),
          line('guardian', `4月1日から 母 ${mother.family} 恵（連絡・閲覧）`),
          line('name', `氏名 ${person.family} ${person.given}`, ['3月20日の取り込み'], { since: '2026-03-20' }),
        ]
      : null,
    merged: mock.same.into(who, id),
    may: { change: office, family: office, protection: office, contact: office, erase: who === 'board', same: who === 'board' },
  }
}

/** A change of a card: the mock knows one number that is taken, one stale card, and says what would follow. */
export function changePeople(mock, path, body, refuse) {
  const erasing = new RegExp(`^${BASE}/([^/]+)/erasure(/preview)?$`).exec(path)
  if (erasing) return erase(mock, erasing[1], body, erasing[2], refuse)
  const found = new RegExp(`^${BASE}/([^/]+)/changes(/preview)?$`).exec(path)
  if (!found) return undefined
  const wrong = (field, message, instead) => refuse(422, 'card-refused', '保存していません', message, [{ field, message, instead }])
  if (mock.stale) {
    mock.stale = false
    mock.revisions = new Map([[found[1], 2]])
    throw refuse(409, 'changed-meanwhile', '先に変えた人がいます', '山田 恵さんが11月20日（金） 8:24に変えました。いまの内容: 氏名 高橋 花子。入れたものは残っています。見くらべて、もう一度選んでください。')
  }
  if (body.legal && body.legal.family.trim() === '') throw wrong('legal.family', '氏名の氏を入れてください。')
  if (body.number === 5) throw wrong('number', '5番は、2年1組のほかの子の番号です。空いている番号: 36番', '36')
  const odd = (body.phones ?? []).findIndex(({ number }) => /[^\d\s０-９ー－-]/.test(number))
  if (odd >= 0) throw wrong(`phones.${odd}.number`, `電話番号「${body.phones[odd].number}」: 電話番号ではありません。市外局番から、数字で書いてください。例: 045-123-4567。`)
  mock.position += 1
  const words = body.legal ? [`氏 → ${body.legal.family}`, '名前を使う画面（朝の記録、学校の今日、名簿）と、サインインの名前がすぐに変わります。', '前の名前は、このカードの経過に残ります。'] : ['11月20日から 変わります。', '画面がすぐに変わる学級: 2年1組（担任 佐藤 恵）']
  return found[2] ? { words } : { person: found[1], words, after: `registry:${mock.position}` }
}

/** What registry would answer to a read of people; undefined for other addresses, null where nothing is to be seen. */
export function readPeople(mock, who, path, query) {
  if (path === BASE) return list(mock, who, query)
  if (path === '/api/registry/v1/erasures') return { erasures: who === 'board' ? mock.erased : [] }
  if (path === `${BASE}/places`) return places(mock, who, query.get('school'))
  const found = new RegExp(`^${BASE}/([^/]+)$`).exec(path)
  return found ? card(mock, who, found[1]) : undefined
}

/** The mock keeps whoever has no document for a decision, and forgets everybody else. */
function erase(mock, person, body, preview, refuse) {
  const card = everybody(mock).find((one) => one.person.id === person)?.person
  const told = (field, message) => refuse(422, 'not-erased', '消せません', message, [{ field, message }])
  if (body.ground === '') throw told('ground', '選んでください。')
  if (body.ground === 'retention_over') throw told('ground', 'まだ保存期間の中です。2047年3月31日まで保存します（学校教育法施行規則28条）。')
  if (body.ground === 'decided' && body.document.trim() === '') throw told('document', '決定の文書番号を入れてください。')
  if (card && body.name.replace(/\s/g, '') !== `${card.family}${card.given}`) throw told('name', '確かめのため、カードの氏名を入れてください。')
  const words = ['カード（氏名・よみ・生年月日・性別） 2版', '在籍・学級・職務・保護者などの記録 6件', '出欠 143日分', '証明書の控え 1枚']
  if (preview) return { words }
  mock.erased.unshift({ number: mock.erased.length + 1, person, ground: '誤って登録した', document: null, words, at: mock.clock().toISOString(), by: '山田 恵' })
  mock.position += 1
  return { number: mock.erased.length, words, after: `registry:${mock.position}` }
}
