/** The mock's 出席の記号と区分: registry's answers for the board's three lists; keys and days are looked at, no more. */
import { SYMBOLS } from './town.mjs'

const PATH = /^\/api\/registry\/v1\/boards\/[^/]+\/attendance-lists(?:\/(symbols|beside|bereavement)(\/withdraw)?)?$/
const TODAY = '2026-11-20'
const COUNTS = { present: '出席', late: '遅刻（出席に数える）', early: '早退（出席に数える）', late_early: '遅刻と早退（出席に数える）', sick: '病気欠席', other: '事故欠席', suspension: '出席停止', bereavement: '忌引', not_required: '登校を要しない日' }
const row = (code, counts, word, glyph = '', key = '', days = null) => ({ code, counts, word, glyph, key, days })
const NAMES = { symbols: '出欠の記号', beside: '出席扱い・別室', bereavement: '忌引の日数' }
const FIRST = {
  symbols: SYMBOLS.map(({ code, key, glyph, word, category, late, early }) => row(code, category ?? (late && early ? 'late_early' : late ? 'late' : early ? 'early' : 'present'), word, glyph, key)),
  beside: [row('credited_centre', 'credited', '教育支援センター', '扱'), row('credited_ict', 'credited', '自宅でICT学習', '扱'), row('room_nurse', 'elsewhere', '保健室', '別')],
  bereavement: [['parent', '父母', 7], ['grandparent', '祖父母', 3], ['sibling', '兄弟姉妹', 3], ['uncle_aunt', 'おじ・おば', 1], ['great_grandparent', '曾祖父母', 1]].map(([code, word, days]) => row(`kin_${code}`, 'kin', word, '', '', days)),
}

export class AttendanceDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    this.revision = 1
    this.said = { symbols: [], beside: [], bereavement: [] }
  }

  view(who, path) {
    if (!PATH.test(path)) return null
    if (who !== 'board') throw new this.Refuse(404, 'not-found', 'このページは見られません')
    return this.page()
  }

  page() {
    const person = this.mock.people().board.person
    const lists = Object.keys(NAMES).map((which) => {
      const all = this.said[which].toSorted((a, b) => b.since.localeCompare(a.since))
      const holds = all.find(({ since }) => since <= TODAY)
      const versions = all.map((one) => ({ ...one, said_by: person, said_at: '2026-11-20T08:20:00+09:00', state: one.since > TODAY ? 'coming' : one === holds ? 'holds' : 'past' }))
      return { which, name: NAMES[which], revision: String(this.revision), first: which === 'bereavement' ? '2025-04-01' : '2026-11-21', rows: holds?.rows ?? FIRST[which], holidays: holds?.holidays ?? false, versions }
    })
    return { today: TODAY, lists, counts: Object.entries(COUNTS).map(([name, word]) => ({ name, word })), as_of: this.mock.clock().toISOString() }
  }

  act(who, path, body) {
    const asked = PATH.exec(path)
    if (!asked) return null
    const [, which, withdraw] = asked
    if (body.seen !== String(this.revision)) throw new this.Refuse(409, 'moved', 'ほかの人が先に変えました', '読み直してから、もう一度入れてください。何も保存していません。')
    const others = this.said[which].filter(({ since }) => since !== body.since)
    if (withdraw) this.said[which] = others
    else {
      const wrong = body.rows.flatMap(({ word, key, days }, n) => [
        ...(word === '' ? [{ cell: `${n + 1}行目の言葉`, message: '書いてください。' }] : []),
        ...(which === 'symbols' && !/^[A-Z ]$/.test(key) ? [{ cell: `${n + 1}行目の打つキー`, message: 'A〜Zのどれか1文字にしてください。数字は出席番号に使います。' }] : []),
        ...(which === 'bereavement' && !(days >= 1 && days <= 10) ? [{ cell: `${n + 1}行目の日数`, message: '1から10までの数を書いてください。' }] : []),
      ])
      if (wrong.length) throw new this.Refuse(422, 'setting-refused', `保存していません（${wrong.length}か所）`, `${wrong[0].cell}を直してください。`, wrong)
      const rows = body.rows.map((one, n) => ({ ...one, code: one.code ?? `own_${n}` }))
      const added = rows.filter(({ code }) => code.startsWith('own_')).map(({ word }) => `加えた：${word}`)
      this.said[which] = [...others, { since: body.since, rows, holidays: body.holidays, words: added.length ? added : ['変えた：父母 7日→父母 5日'] }]
    }
    this.revision += 1
    return { ...this.page(), after: null }
  }
}
