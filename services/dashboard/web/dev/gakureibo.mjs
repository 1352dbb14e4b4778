/** 学齢簿 for the mock: what a test put there. Not a model of the rules. */
const ITEMS = [
  ['number', '整理番号・宛名番号', true], ['name', '氏名'], ['family', '氏'], ['given', '名'], ['kana', 'フリガナ'], ['kana_family', '氏のフリガナ'],
  ['kana_given', '名のフリガナ'], ['common_name', '通称'], ['common_kana', '通称のフリガナ'], ['birth_date', '生年月日', true], ['sex', '性別'],
  ['school', '入学予定校', true], ['grade', '学年'], ['reason', '異動事由'], ['on', '入学・異動の日'], ['protected', '支援措置'], ['address', '現住所'],
  ['guardian_number', '保護者の宛名番号'], ['guardian_name', '保護者氏名'], ['guardian_kana', '保護者のフリガナ'], ['relation', '続柄（保護者が子の何にあたるか）'], ['guardian_address', '保護者の現住所'],
].map(([item, word, needed = false]) => ({ item, word, needed }))

export const LOOK = {
  columns: [
    ['宛名番号', ['0012345', '0012346', '0077777'], 'number'], ['児童氏名', ['紬野　花', '遠山　樹'], 'name'], ['ﾌﾘｶﾞﾅ', ['ﾂﾑｷﾞﾉ ﾊﾅ', 'ﾄｵﾔﾏ ｲﾂｷ'], 'kana'],
    ['生年月日', ['令和2年5月6日', 'R2.11.3'], null], ['性別', ['女', '男'], 'sex'], ['指定校', ['101', '第二小学校'], 'school'], ['事由', ['新入学', 'A1'], 'reason'],
    ['支援措置', [], 'protected'], ['保護者氏名', ['紬野　実'], 'guardian_name'], ['現住所', ['紬市一丁目1-1'], 'address'], ['世帯番号', ['90001'], null],
  ].map(([heading, examples, item]) => ({ heading, examples, item })),
  schools: [{ word: '101', school: null }, { word: '第二小学校', school: 's2' }],
  reasons: [{ word: '新入学', does: 'enters' }, { word: 'A1', does: null }],
}

export class Gakureibo {
  constructor() {
    this.mappings = []
    this.look = LOOK
  }

  read() {
    return { items: ITEMS, schools: [{ id: 's1', name: '第一小' }, { id: 's2', name: '第二小' }], mappings: this.mappings, years: [2026, 2027] }
  }

  act(path, body) {
    if (path === '/columns') return this.look
    const gone = /^\/mappings\/([^/]+)\/remove$/.exec(path)
    if (gone) {
      this.mappings = this.mappings.filter(({ id }) => id !== gone[1])
      return { id: gone[1] }
    }
    const saved = { id: `0199cccc-0000-7000-8000-${String(body.seen + 1).padStart(12, '0')}`, name: body.name, revision: body.seen + 1, content: body.content, saved_at: '2026-11-20T08:00:00+09:00', saved_by: '山田 恵' }
    this.mappings = [...this.mappings.filter(({ name }) => name !== body.name), saved]
    return saved
  }
}
