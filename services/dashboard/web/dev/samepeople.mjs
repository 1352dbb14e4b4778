/** 名寄せ in the mock: one pair that can be merged, one that cannot. */
import { id } from './town.mjs'

const BASE = '/api/registry/v1/same-people'
const REASONS = ['生年月日が同じ', '氏名が同じ（字の形のちがいを除く）', 'よみが同じ（小さい字・にごりのちがいを除く）']

export class SamePeopleDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.refuse = Refuse
    const [first, second] = mock.town.own.members
    this.questions = [
      this.pair(1, first.pupil, { ...first.pupil, id: id('aaaa', 91001), family: `${first.pupil.family.slice(0, -1)}髙` }, [], '第一小学校 2年1組'),
      this.pair(2, second.pupil, { ...second.pupil, id: id('aaaa', 91002) }, ['4月1日から、第一小学校と第二小学校の両方に在籍しています。同じ子なら、まちがっているほうの在籍を先に直してください。'], '第二小学校 2年1組'),
    ]
  }

  pair(n, one, other, wrong, where) {
    const name = ({ family, given }) => [`${family} ${given}`]
    const said = (what, mine, theirs = mine) => ({ name: what, one: mine, other: theirs, differs: String(mine) !== String(theirs) })
    return {
      id: `00000000-0000-4000-8000-00000000070${n}`,
      one: { person: one, where: '第一小学校 2年1組' },
      other: { person: other, where },
      reasons: REASONS,
      state: 'open',
      raised_at: '2026-11-20T08:01:00+09:00',
      note: '',
      revision: 1,
      lines: [
        said('氏名（本名）', name(one), name(other)),
        said('通称', []),
        said('よみ', [`${one.family_kana} ${one.given_kana}`]),
        said('生年月日', ['2018年5月6日']),
        said('性別', ['女'], ['記載なし']),
        said('在籍', ['4月1日から 第一小学校 2年'], [`4月1日から ${where.split(' ')[0]} 2年`]),
        said('学級', ['4月1日から 2年1組3番'], ['4月1日から 2年1組8番']),
        said('保護者', ['髙橋 恵（母、連絡・閲覧・電話）'], []),
        said('出欠の記録', ['120日分'], []),
      ],
      keeps: wrong.length ? null : one.id,
      words: wrong.length ? [] : [`${one.family} ${one.given}さん（第一小学校 2年1組）のカードを残し、${other.family} ${other.given}さんのカードをそれにまとめます。`, '「2年1組8番」と「2年1組3番」は、残すカードの「2年1組3番」だけになります。', 'まとめられたカードのアカウントは、使えなくなります。残すカードのものを使ってください。'],
      wrong,
      moves: wrong.length ? [{ move: '00000000-0000-4000-8000-000000000310', words: `${other.family} ${other.given}さん 11月24日（火） 第二小学校 転入` }] : [],
      merging: null,
    }
  }

  live() {
    return [`office:${this.mock.town.board.id}`]
  }

  view(who, path, query) {
    if (!path.startsWith(BASE)) return undefined
    if (who !== 'board') return path === BASE ? { questions: [], more: false, may_ask: false, live: [] } : undefined
    if (path === BASE) {
      const states = query.get('state') === 'different' ? ['different'] : ['open', 'waiting']
      const found = this.mock.empty ? [] : this.questions.filter(({ state }) => states.includes(state))
      return { questions: found.sort((a, b) => (a.state === 'waiting') - (b.state === 'waiting')), more: false, may_ask: true, live: this.live() }
    }
    const found = this.questions.find((one) => path === `${BASE}/${one.id}`)
    return found && { ...found, live: this.live() }
  }

  /** Two children of the own class that nothing points at; a pair is asked about once. */
  ask({ one, other, note }) {
    const child = (id) => [...this.mock.town.own.members.map(({ pupil }) => pupil), ...this.questions.flatMap((each) => [each.one.person, each.other.person])].find((each) => each.id === id)
    const no = (status, kind, message, more = {}) => new this.refuse(status, kind, 'たずねていません', message, [{ field: 'other', message, ...more }])
    if (one === other) throw no(422, 'cannot-ask', '同じカードが二つえらばれています。もう一つのカードをえらんでください。')
    const before = this.questions.find((each) => [each.one.person.id, each.other.person.id].sort().join() === [one, other].sort().join())
    if (before) throw no(409, 'already-asked', 'この二つのカードは、もう名寄せの一覧にあります。その問いを開いて答えてください。', { cell: before.id })
    const made = { ...this.pair(this.questions.length + 1, child(one), child(other), [], '第一小学校 2年1組'), reasons: ['職員がたずねた'], note }
    this.questions.push(made)
    return { question: made.id, after: null }
  }

  act(who, path, body) {
    if (path === BASE && who === 'board') return this.ask(body)
    const undone = this.questions.find(({ merging }) => merging && path === `${BASE}/mergings/${merging.id}/undo`)
    if (undone) {
      const { gone, kept } = undone.merging
      Object.assign(undone, { merging: null, state: 'open', revision: undone.revision + 1, note: body.note })
      return { question: undone.id, gone, kept, words: ['二つのカードに戻しました。'], after: null }
    }
    const question = this.questions.find((one) => path === `${BASE}/${one.id}/answer`)
    if (!question) return undefined
    if (body.seen !== question.revision) throw new this.refuse(409, 'moved', 'ほかの人が先に答えました', '何も変えていません。')
    Object.assign(question, { state: body.answer, note: body.note, revision: question.revision + 1 })
    if (body.answer === 'same') {
      const by = this.mock.people()[who].person
      question.merging = { id: '00000000-0000-4000-8000-000000000790', gone: question.other.person, kept: question.one.person, at: '2026-11-20T08:19:30+09:00', by, note: body.note }
    }
    return { question: question.id, state: question.state, merging: question.merging, words: question.words, after: null }
  }

  /** What a card says of cards that were merged into it. */
  into(who, person) {
    return this.questions.filter(({ merging }) => who === 'board' && merging?.kept.id === person).map(({ id: question, merging: { gone } }) => ({ question, name: `${gone.family} ${gone.given}` }))
  }
}
