/** A school's day and the board's in memory, beside what is usual. Not a model of the rules. */
import { SYMBOLS } from './town.mjs'

const FIELDS = ['members', 'present', 'absent', 'late', 'early', 'apart', 'unrecorded']
const RULE = { window: 20, least: 5, times: 2, more: 3 }
const NOTHING = Object.fromEntries([...FIELDS, 'off', 'here', 'away', 'rated', 'usual'].map((name) => [name, null]))

const sum = (rows) => Object.fromEntries(FIELDS.map((field) => [field, rows.reduce((n, one) => n + one[field], 0)]))

const rated = (rows) => {
  const of = sum(rows.filter(({ taken_at }) => taken_at))
  return { here: of.members, away: of.absent + of.apart, late: of.late }
}

function measured(mock, counts, here, rows) {
  const away = counts.absent + counts.apart
  const usual = mock.usual.days >= RULE.least ? mock.usual : null
  const often = usual && Math.max(usual.away * here, 1)
  const stands_out = usual !== null && away >= RULE.times * often && away >= often + RULE.more
  return { here, away, rated: rated(rows), usual, stands_out }
}

function outstanding(school, rows) {
  return rows.filter(({ stands_out }) => stands_out).map(({ class: of, here, away, usual }) => ({ school, class: { id: of.id, name: of.name }, grade: of.grade, here, away, usual }))
}

function gradesOf(mock, rows) {
  const grades = [...new Set(rows.map((one) => one.class.grade))]
  return grades.map((grade) => {
    const of = rows.filter((one) => one.class.grade === grade)
    const those = sum(of)
    return { grade, ...those, ...measured(mock, those, those.members, of), classes: of.length, classes_taken: of.filter((one) => one.taken_at).length }
  })
}

function marksOf(mock, found, date) {
  return found.members.filter((one) => !one.exchange).map((member) => ({ member, symbol: SYMBOLS.find(({ code }) => code === mock.holding(mock.cell(found.class.id, date, member.pupil.id))?.code) }))
}

function reasonsOf(mock, classes, date) {
  const codes = classes.flatMap((one) => marksOf(mock, one, date)).map(({ symbol }) => symbol).filter((symbol) => symbol?.presence === 'absent')
  return SYMBOLS.filter((one) => codes.includes(one)).map(({ code, word }) => ({ code, word, count: codes.filter((one) => one.code === code).length }))
}

export function schoolDayView(mock, who, schoolId, date) {
  const found = mock.town.schools.find((one) => one.school.id === schoolId)
  if (!found) return null
  const names = who !== 'board'
  const all = found.classes.map((one) => {
    const counts = mock.counts(one, date)
    return { class: one.class, homeroom: one.homeroom, closed: mock.years.closedOn(one.class.id, date), ...counts, ...measured(mock, counts, counts.members, [counts]) }
  })
  const hidden = mock.small && !names ? all.at(-1) : null
  const told = all.filter((one) => one !== hidden)
  const meeting = told.filter((one) => one.closed === null)
  const classes = all.map((one) => (one === hidden ? { ...one, ...NOTHING, stands_out: false } : one)).toSorted((a, b) => Number(a.closed !== null) - Number(b.closed !== null) || Number(a.taken_at !== null) - Number(b.taken_at !== null))
  const exceptions = names ? found.classes.flatMap((one) =>
    marksOf(mock, one, date).flatMap(({ member, symbol }) => (symbol && symbol.code !== 'present' ? [{ pupil: member.pupil, class: one.class, number: member.number, code: symbol.code, word: symbol.word, glyph: symbol.glyph, tint: symbol.tint }] : [])),
  ) : []
  const counted = sum(meeting)
  const open = all.filter((one) => one.closed === null)
  return {
    school: found.school, date, school_day: mock.schoolDay, rule: RULE, names, may: { roll: names },
    totals: { ...counted, members: sum(told).members, off: sum(told).members - counted.members, ...measured(mock, counted, counted.members, meeting), classes: open.length, classes_taken: open.filter((one) => one.taken_at).length },
    classes: mock.empty ? [] : classes, grades: gradesOf(mock, meeting), outstanding: outstanding(found.school, meeting),
    reasons: reasonsOf(mock, found.classes.filter((one) => meeting.some((open) => open.class === one.class)), date), exceptions, ...mock.stamp([`school-day:${schoolId}:${date}`]),
  }
}

export function boardDayView(mock, date) {
  const days = mock.town.schools.map((one) => ({ one, day: schoolDayView(mock, 'board', one.school.id, date) }))
  const schools = days.map(({ one, day }) => ({ school: one.school, kind: one.kind, ...day.totals, school_day: mock.schoolDay }))
  const total = (field) => schools.reduce((n, one) => n + one[field], 0)
  const counted = sum(schools)
  const rows = days.flatMap(({ day }) => day.classes.filter((one) => one.closed === null && one.members !== null))
  return {
    board: mock.town.board, date, rule: RULE,
    totals: { ...counted, off: total('off'), ...measured(mock, counted, total('here'), rows), schools: schools.length, classes: total('classes'), classes_taken: total('classes_taken') },
    outstanding: days.flatMap(({ day }) => day.outstanding), grades: gradesOf(mock, rows), reasons: reasonsOf(mock, mock.town.schools.flatMap(({ classes }) => classes), date),
    schools: mock.empty ? [] : schools.toSorted((a, b) => Number(b.stands_out) - Number(a.stands_out)), ...mock.stamp([`board-day:${mock.town.board.id}:${date}`]),
  }
}
