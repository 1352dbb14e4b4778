/** The mock's 証明書の様式 and 教科書: registry's answers for the board's dated settings; braces and grades are read, no more. */
const PATH = /^\/api\/registry\/v1\/boards\/([^/]+)\/(certificate-forms|textbooks)(\/sample|\/withdraw)?$/
const TODAY = '2026-11-20'
const FIELDS = { name: '氏名', birth_date: '生年月日', sex: '性別', grade: '学年', school: '学校の名前', head: '校長の氏名', issued_on: '証明する日', left_on: '最後に在籍した日', transferred_on: '転学日', to: '転学先の学校', serial: '番号', year: '年度（西暦）' }
const ROW_FIELDS = ['name', 'birth_date', 'sex', 'grade', 'left_on', 'transferred_on', 'to']
const BASICS = [{ label: '氏名', field: 'name' }, { label: '生年月日', field: 'birth_date' }, { label: '学年', field: 'grade' }]
const COMMON = { number: '第{serial}号', note: '転学先の学校（{to}）に提出してください。', seal: '公印', size: 11 }
const FORMS = {
  enrolment: { title: '在学証明書', rows: BASICS, body: ['上記の者は、本校に在学していることを証明する。'], body_left: ['上記の者は、{left_on}まで本校に在学していたことを証明する。'], columns: [], ...COMMON },
  textbooks: { title: '教科用図書給与証明書', rows: [...BASICS, { label: '転学先', field: 'to' }], body: ['上記の者に、下記の教科用図書を給与していることを証明する。'], body_left: ['上記の者に、下記の教科用図書を給与したことを証明する。'], columns: ['種目', '発行者', '記号・番号', '書名'], ...COMMON },
}
const BOOKS = [['小2', '国語', '38 光村', '国語 209', 'こくご二上 たんぽぽ'], ['小2', '算数', '2 東書', '算数 204', '新しい算数 2上'], ['中3', '数学', '2 東書', '数学 902', '新しい数学3']]
/** A sheet of paper: white, one pixel. */
const PAGE = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII='

export class FormsDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    this.revision = 1
    const version = (since, value, words, at) => ({ since, value, words, at })
    this.said = {
      'certificate-forms': [version('2026-04-01', FORMS, ['在学証明書の番号: 「第{serial}号」 → 「紬第{serial}号」'], '2026-03-20T10:12:00+09:00')],
      textbooks: [version('2027-04-01', BOOKS, ['小2: 2冊（1冊が加わる）'], '2026-11-18T14:02:00+09:00'), version('2026-04-01', BOOKS, ['小2: 2冊（2冊が加わる）', '中3: 1冊（1冊が加わる）'], '2026-03-20T10:20:00+09:00')],
    }
  }

  view(who, path) {
    const asked = PATH.exec(path)
    if (!asked) return null
    if (who !== 'board') throw new this.Refuse(404, 'not-found', 'このページは見られません')
    return this.page(asked[2])
  }

  page(what) {
    const { mock } = this
    const all = mock.empty ? [] : this.said[what].toSorted((a, b) => b.since.localeCompare(a.since))
    const holds = all.find(({ since }) => since <= TODAY)
    const versions = all.map((one) => ({
      since: one.since, said_at: one.at, said_by: mock.people().board.person, words: one.words, forms: what === 'textbooks' ? null : one.value, rows: what === 'textbooks' ? one.value : null,
      state: one.since > TODAY ? 'coming' : one === holds ? 'holds' : 'past',
    }))
    const own = what === 'textbooks' ? { rows: holds?.value ?? [], heads: ['学年', '種目', '発行者', '記号・番号', '書名'] } : { forms: holds?.value ?? FORMS, fields: words(Object.keys(FIELDS)), row_fields: words(ROW_FIELDS) }
    return { today: TODAY, revision: String(this.revision), versions, ...own, as_of: mock.clock().toISOString() }
  }

  act(who, path, body) {
    const asked = PATH.exec(path)
    if (!asked) return null
    if (who !== 'board') throw new this.Refuse(404, 'not-found', 'このページは見られません')
    const [, , what, rest] = asked
    if (rest === '/sample') {
      this.check(wrongIn(body.kind === 'enrolment' ? '在学証明書' : '教科用図書給与証明書', body.form))
      return { pages: [PAGE], pdf: 'data:application/pdf;base64,JVBERi0=', after: null }
    }
    if (body.seen !== String(this.revision)) throw new this.Refuse(409, 'moved', 'ほかの人が先に変えました', '読み直してから、もう一度入れてください。何も保存していません。')
    const others = this.said[what].filter(({ since }) => since !== body.since)
    if (rest === '/withdraw') this.said[what] = others
    else {
      this.check(what === 'textbooks' ? wrongBooks(body.rows) : [...wrongIn('在学証明書', body.forms.enrolment), ...wrongIn('教科用図書給与証明書', body.forms.textbooks)])
      this.said[what] = [...others, { since: body.since, value: what === 'textbooks' ? body.rows : body.forms, words: ['変えた'], at: '2026-11-20T08:20:00+09:00' }]
    }
    this.revision += 1
    return { ...this.page(what), after: null }
  }

  check(errors) {
    if (errors.length) throw new this.Refuse(422, 'setting-refused', `保存していません（${errors.length}か所）`, '', errors)
  }
}

const words = (names) => names.map((name) => ({ name, word: FIELDS[name] }))

function wrongIn(title, form) {
  const texts = { 題名: form.title, 番号: form.number, ...Object.fromEntries(form.body.map((line, i) => [`在学中の文の${i + 1}行目`, line])) }
  return Object.entries(texts).flatMap(([part, text]) => [...text.matchAll(/\{([^{}]*)\}/g)].filter(([, name]) => !(name in FIELDS)).map(([braces]) => ({ cell: `${title}の${part}`, message: `${braces} という差し込みはありません。` })))
}

function wrongBooks(rows) {
  return rows.flatMap(([grade], i) => (/^(小[1-6]|中[1-3]|)$/.test(grade.normalize('NFKC')) ? [] : [{ cell: `${i + 1}行目の学年`, message: `「${grade}」は学年として読めません。1年・小1・中1 のように書いてください。` }]))
}
