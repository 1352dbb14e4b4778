/** Guardians and their sheets, for the mock: what a test put there. Not a model of the rules. */
import { id } from './town.mjs'

/** A PDF of one blank page. */
const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n').toString('base64')
const FAMILY = ['青木', '井上', '上田', '遠藤', '岡田', '加藤', '木村', '工藤']

export class Invitations {
  constructor(mock, Refuse) {
    this.mock = mock
    this.Refuse = Refuse
    this.missing = []
    /** Set: nobody prints without having proved who they are just now. */
    this.stale = false
    /** Guardians whom somebody else gives a sheet first. */
    this.quicker = new Set()
    /** The next answers of sheets are lost on their way. */
    this.lost = false
    this.made = 0
    this.empty = false
  }

  classes() {
    this.kept ??= this.mock.town.schools[0].classes.slice(0, 4).map(({ class: of }, at) => ({
      id: of.id,
      name: of.name,
      families: FAMILY.map((family, n) => ({
        guardian: { id: id('eeee', at * 100 + n), family, given: n % 2 ? '美咲' : '健一' },
        relation_word: n % 2 ? '母' : '父',
        pupil: { id: id('cccc', at * 100 + n), family, given: '陽' },
        number: n + 1,
        ...[
          { state: 'none', code: null, signed_in_on: null },
          { state: 'signed_in', code: null, signed_in_on: '2026-11-12' },
          { state: 'holding', code: this.code('2026-12-20'), signed_in_on: null },
          { state: 'expired', code: this.code('2026-11-01'), signed_in_on: null },
        ][(at + n) % 4],
      })),
    }))
    return this.empty ? [] : this.kept
  }

  code(last_day) {
    this.codes = (this.codes ?? 0) + 1
    return { id: id('dddd', this.codes), issued_at: '2026-11-20T08:10:00+09:00', issued_by: '佐藤 恵', last_day }
  }

  counts(families) {
    const of = (state) => families.filter((one) => one.state === state).length
    return { guardians: families.length, signed_in: of('signed_in'), holding: of('holding'), expired: of('expired'), none: of('none') }
  }

  read(path, who, query) {
    if (!['office', 'principal'].includes(who)) return undefined
    const { school } = this.mock.town.schools[0]
    if (path === `/schools/${school.id}/invitations`) {
      const classes = this.classes()
      return { school: school.id, name: school.name, days: 30, counts: this.counts(classes.flatMap(({ families }) => families)), classes: classes.map(({ id: of, name, families }) => ({ id: of, name, grade: null, counts: this.counts(families) })) }
    }
    if (path === `/schools/${school.id}/invitations/guardians`) return structuredClone(this.classes().find(({ id: of }) => of === query.get('class_id')) ?? { id: null, name: '', families: [] })
    return undefined
  }

  act(path, body) {
    const all = this.classes().flatMap(({ families }) => families)
    if (path.endsWith('/sheets')) {
      if (this.stale) throw new this.Refuse(401, 'step-up', 'もう一度本人確認をします')
      const refused = []
      for (const { guardian, seen } of body.sheets) {
        const one = all.find((each) => each.guardian.id === guardian)
        if (this.quicker.has(guardian) || (one.code?.id ?? null) !== seen) refused.push({ guardian, why: 'moved' })
        else Object.assign(one, { code: this.code('2026-12-20'), state: one.state === 'signed_in' ? 'signed_in' : 'holding' })
      }
      this.made += body.sheets.length - refused.length
      return { printed: body.sheets.length - refused.length, last_day: '2026-12-20', refused, pdf: this.lost ? null : PDF, missing: this.missing, after: null }
    }
    const one = all.find(({ code }) => code && path === `/invitations/${code.id}/withdraw`)
    if (!one) return undefined
    const invitation = one.code.id
    Object.assign(one, { code: null, state: one.state === 'signed_in' ? 'signed_in' : 'none' })
    return { invitation }
  }
}
