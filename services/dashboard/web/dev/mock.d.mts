import type { Exports } from './exports.mjs'
import type { Invitations } from './invitations.mjs'
import type { Gakureibo } from './gakureibo.mjs'
import type { Imports } from './imports.mjs'
import type { Rollover } from './rollover.mjs'
import type { Person, SchoolClass, School } from '../src/api/types'

interface MockMember {
  pupil: Person
  number: number | null
  exchange: boolean
  home_class: SchoolClass | null
}

interface MockClass {
  class: SchoolClass
  homeroom: Person
  members: MockMember[]
}

interface MockCell {
  revision: number
  contradiction: string | null
}

interface Fault {
  path: string
  times?: number
  hold?: boolean
  drop?: boolean
  status?: number
  body?: unknown
}

/** Lists and years; `act` is what a command of somebody else does. */
interface MockDesk {
  revision: number
  act(who: string, path: string, body: unknown): unknown
}

/** Duties of the first school; `act` is what a command of somebody else does. */
interface MockDuties {
  others: Person[]
  act(who: string, path: string, body: unknown): unknown
}

/** The board's plan; `revisions` are of the schools' years. */
interface MockBoardYear extends MockDesk {
  rows: string[][]
  revisions: Map<string, number>
}

/** The board's forms and textbooks; the latest version comes first. */
interface MockForms extends MockDesk {
  said: Record<'certificate-forms' | 'textbooks', { since: string; value: unknown }[]>
}

/** The rules of 気がかりな欠席; `pace`: schools that one step counts, `others`: somebody else counts. */
interface MockAlertRules {
  said: { since: string; reason: string; rules: { code: string; word: string; days: number }[]; gone?: boolean }[]
  trials: Map<string, unknown>
  pace: number
  others: boolean
}

/** A notice of a guardian's page, as far as tests look at it. */
interface MockNotice {
  notice: string
  revision: number
  withdrawn: boolean
  kind: string
  words: string | null
  confirmed: { on: string; at: string; revision?: number; by?: { id: string; family: string; given: string } }[]
  replies: { words: string; at: string; by: { id: string; family: string; given: string } }[]
}

interface MockChild {
  may_tell: boolean
  pupil: { id: string; family: string; given: string }
  notices: MockNotice[]
}

interface MockFamily {
  children: MockChild[]
  other: MockChild
  gone: boolean
  language: { language: string | null; furigana: boolean }
  ofClass: MockNotice[]
  ofSchool: MockNotice[]
  call(number: number, said?: Record<string, unknown>): MockNotice
  notice(said?: Record<string, unknown>): MockNotice
  tellClass(number: number, words: string | null, code?: string | null): MockNotice
  confirm(notice: MockNotice): void
}

/** 連絡なし; `act` is what a press of somebody else does. */
interface MockCalls {
  kept: number
  act(who: string, path: string, body: unknown): unknown
}

/** 気がかりな欠席 of 2年1組. */
interface MockAlerts {
  raise(number: number, rule?: string, days?: string[], goingOn?: boolean): void
  correct(number: number): void
  act(who: string, path: string, body: unknown): unknown
}

/** お知らせの受け取り方. */
interface MockChannels {
  page: { mail: boolean; kept: boolean; push: boolean; push_key: string | null; channels: unknown[] }
  add(said: Record<string, unknown>): unknown
}

/** 時限ごとの出欠; `take` is what somebody else has done. */
interface MockLessons {
  periods: number
  moved: boolean
  closed: boolean
  why: string | null
  corrections: unknown[]
  take(found: MockClass, date: string, period: number, codes?: Record<number, string>, subject?: string | null): void
}

export interface Mock {
  lessons: MockLessons
  channels: MockChannels
  alerts: MockAlerts
  family: MockFamily
  calls: MockCalls
  duties: MockDuties
  lists: MockDesk
  register: { planned: boolean; open: string[]; clash: boolean; ahead: boolean; state: string; current: boolean; after: boolean; unconfirmed: string[]; own: boolean; besideMoved: boolean; changedClasses: boolean; bereaved: boolean; former: Map<string, { said: object | null; reason: string; revision: number }>; bundles: Record<string, unknown>[]; beside: Map<string, { code: string; seen: number }> }
  years: MockDesk
  boardYear: MockBoardYear
  forms: MockForms
  alertRules: MockAlertRules
  attendance: { said: Record<'symbols' | 'beside' | 'bereavement', { since: string; rows: { word: string; days: number | null }[]; holidays: boolean; words: string[] }[]> }
  town: { board: { id: string; name: string }; schools: { school: School; classes: MockClass[] }[]; own: MockClass }
  same: { act(who: string, path: string, body: unknown): unknown }
  office: {
    revision: number
    unnamed: Record<string, number>
    moves: readonly unknown[]
    /** Of the board's list, for the grade of whoever moves. */
    books: readonly { subject: string; publisher: string; code: string; title: string }[]
    act(path: string, body: unknown): unknown
    plan: { classes: unknown[]; seats: Record<string, { class_id: string; number: number | null }>; apart: string[][] }
    add(kind: string, pupil: Person, more?: { left?: string; accepted?: string; to?: School; elsewhere?: unknown }): { id: string }
  }
  sessions: Set<string>
  revoked: Set<string>
  faults: Fault[]
  requests: { method: string; path: string; headers: Record<string, string | undefined>; body: string }[]
  streams: Set<{ keys: string[]; answer: { end(): void; write(text: string): void } }>
  schoolDay: boolean
  closed: { reason: string } | null
  empty: boolean
  /** The pupil under protection. */
  protected: string | null
  moving: boolean
  /** The next change of a card comes too late. */
  stale: boolean
  usual: { days: number; away: number; late: number }
  small: boolean
  erased: { number: number; person: string }[]
  training: boolean
  parked: unknown[]
  exports: Exports
  invitations: Invitations
  imports: Imports
  rollover: Rollover
  gakureibo: Gakureibo
  lag: number
  stopped: Record<string, string>
  asOf: string | null
  clock: () => Date
  cell(classId: string, date: string, pupil: string): MockCell
  mark(classId: string, date: string, pupil: string, code: string | null, by?: { source?: string; who?: string; reason?: string }): MockCell
  roll(classId: string, date: string): { taken: { at: string; by: Person; members: number } | null }
  tell(classId: string, date: string): void
  tellOffices(): void
}

export const TODAY: string
export const CSP: string
export function createMock(options?: { port?: number }): Promise<{ mock: Mock; url: string; close(): Promise<void> }>
