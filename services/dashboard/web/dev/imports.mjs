/** Rosters on their way in, for the mock: what a test put there, moved on a little at every look. Not a model of the rules. */
const AT = '2026-11-20T08:10:00+09:00'

export const CHANGES = { new: 2, card: 3, moved: 1, enrolled: 1, left: 1 }

export const FOUND = {
  nothing: false,
  school_year: 2026,
  as_of: '2026-11-20',
  counts: {
    '学校・学級・部署': { new: 0, changed: 0, ended: 0 },
    '人': { new: 2, changed: 3, ended: 0 },
    '在籍': { new: 1, changed: 0, ended: 1 },
    '学級の所属': { new: 2, changed: 1, ended: 2 },
  },
  schools: [
    { school: '第一小学校', pupils: 512, then: 511, enrolled: 1, moved_in: 0, moved_out: 1, left: 1, changed_class: 0, changed_number: 0, changed_dates: 2 },
    { school: '第二小学校', pupils: 388, then: 389, enrolled: 0, moved_in: 1, moved_out: 0, left: 0, changed_class: 0, changed_number: 0, changed_dates: 0 },
  ],
  classes: ['第一小 2年1組', '第一小 5年2組', '第二小 2年1組'],
  accounts: { opened: 2, closed: 1, changed: 0 },
  losses: [],
  events: 9,
  changes: CHANGES,
  notes: 0,
}

export const LOSSES = [{ school: '第二小学校', pupils: 388, leaving: 312, classes: ['第二小 6年1組'], closes: false }]

const PROBLEMS = [
  { file: 'demographics.csv', line: 12, column: 'birthDate', value: '2019/13/45', rule: '日付として読めません', remedy: '2019-04-02 の形で書いてください' },
  { file: 'users.csv', line: 3, column: 'metadata.jp.kanaFamilyName', value: '?ﾀﾅｶ', rule: '「?」は氏名の読みに使えません', remedy: '読みを確かめて、カタカナで書いてください' },
  { file: 'users.csv', line: 208, column: 'sourcedId', value: '1.23457E+11', rule: '表計算ソフトが数に変えた番号です', remedy: 'もとのシステムから、もう一度書き出してください' },
]

const ROWS = {
  card: [
    { kind: 'card', who: '青木 陽翔', what: '氏', before: '青木', after: '佐藤' },
    { kind: 'card', who: '中村 凛', what: '名のよみ', before: 'リン', after: 'リンカ' },
  ],
  moved: [{ kind: 'moved', who: '高橋 蓮', what: '', before: '第一小 2年1組 12番', after: '第二小 2年1組 31番' }],
}

export class Imports {
  constructor() {
    this.scopes = [{ school: null, name: '紬市教育委員会' }]
    this.uploads = []
    this.runs = []
    /** What the next package turns out to be. */
    this.next = { state: 'ready', found: FOUND }
    this.made = 0
  }

  run(more = {}) {
    const run = {
      run: this.runs.length + 1, school: null, school_name: null, state: 'done', working: false, stopped: null, mapping: null, school_year: 2026, started_by: '山田 恵',
      started_at: AT, finished_at: AT, reverted_by: null, reverted_at: null, parts: 12, parts_done: 12, part: null, waiting: null, events: 9,
      counts: { '人': [2, 3, 0], '在籍': [1, 0, 1] }, schools: FOUND.schools, confirmed_losses: false, ...more,
    }
    this.runs.unshift(run)
    return run
  }

  upload(state, found = {}, more = {}) {
    this.made += 1
    const upload = {
      id: `0199bbbb-0000-7000-8000-${String(this.made).padStart(12, '0')}`, school: null, school_name: null, state, by: '山田 恵', made_at: AT,
      files: [{ name: 'roster.zip', bytes: 2_400_000, received: state !== 'receiving' }], found, preview: 'p1', anew: false, stopped: null, run: null, register: false, ...more,
    }
    this.uploads.unshift(upload)
    return upload
  }

  /** A read; undefined when there is nothing at the path. */
  read(path, query) {
    if (path === '') return { scopes: this.scopes, uploads: this.uploads.filter(({ state }) => state !== 'begun'), runs: this.runs, next: null }
    const [, list, id, rest] = path.split('/')
    if (list === 'runs') {
      const run = this.runs.find((one) => String(one.run) === id)
      if (rest === 'revert') return run && { may: true, people: 5, organisations: 0, dependents: [], why: null }
      if (run?.working && !run.held) this.goOn(run)
      return run
    }
    const upload = this.uploads.find((one) => one.id === id)
    if (!upload || rest === undefined) {
      if (upload?.state === 'checking' && !upload.held) Object.assign(upload, this.next)
      else if (upload?.state === 'beginning' && !upload.held) Object.assign(upload, { state: 'begun', run: this.run({ state: 'applying', working: true, parts_done: 0, finished_at: null }).run })
      return upload
    }
    if (rest === 'changes') return { rows: ROWS[query.get('kind')] ?? [], hidden: query.get('kind') === 'card' ? 1 : 0, next: null }
    return { rows: PROBLEMS.filter(({ file }) => !query.get('file') || file === query.get('file')), hidden: 0, next: null }
  }

  goOn(run) {
    if (run.state === 'done' || run.state === 'reverting') return Object.assign(run, { state: 'reverted', working: false, reverted_by: '山田 恵', reverted_at: AT })
    run.parts_done = Math.min(run.parts, run.parts_done + 6)
    if (run.parts_done === run.parts) Object.assign(run, { state: 'done', working: false, finished_at: AT })
    return run
  }

  /** A command; undefined when there is none at the path. */
  act(path, body) {
    const [, list, id, word] = path.split('/')
    if (path === '/uploads') return this.upload('receiving', {}, { files: body.files.map((file) => ({ ...file, received: false })), preview: null })
    if (list === 'runs') return Object.assign(this.runs.find((one) => String(one.run) === id), { working: true }) && { state: 'taken' }
    const upload = this.uploads.find((one) => one.id === id)
    if (word === 'apply') upload.state = 'beginning'
    if (word === 'discard') this.uploads = this.uploads.filter((one) => one !== upload)
    return { state: 'taken' }
  }

  /** A file has come. */
  file(path) {
    const [, , id, , name] = path.split('/')
    const upload = this.uploads.find((one) => one.id === id)
    upload.files = upload.files.map((file) => (file.name === decodeURIComponent(name) ? { ...file, received: true } : file))
    if (upload.files.every(({ received }) => received)) Object.assign(upload, { state: 'checking', preview: 'p1' })
    return upload
  }
}
