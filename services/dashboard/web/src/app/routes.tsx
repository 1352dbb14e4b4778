import { t } from '@lingui/core/macro'
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { read } from '~/api/http'
import type { Me, School } from '~/api/types'
import { schoolYear } from '~/dates/read'
import { draftsReady } from '~/outbox/drafts'
import { NoRight } from '~/parts/States'
import { Broken } from './Broken'
import { fetchFrame } from './frames'
import { Gate } from './Gate'
import { lastSheet } from './lastSheet'
import { meQuery } from './me'
import { useScreen } from './screen'
import { SignIn } from './SignIn'

interface Context {
  readonly queries: QueryClient
}

const root = createRootRouteWithContext<Context>()({ component: Outlet, errorComponent: Broken })

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

const signedOut = createRoute({
  getParentRoute: () => root,
  path: '/signed-out',
  validateSearch: ({ why }: Record<string, unknown>): { why?: 'revoked' | 'expired' | 'refused' } =>
    why === 'revoked' || why === 'expired' || why === 'refused' ? { why } : {},
  component: function SignedOut() {
    const { why } = signedOut.useSearch()
    return <SignIn to="/" after={why ?? 'left'} />
  },
})

/** Everything that needs a session stands inside the gate; with what the device has kept for it. */
const inside = createRoute({ getParentRoute: () => root, id: 'inside', component: Gate, loader: draftsReady })

const unknown = createRoute({
  getParentRoute: () => inside,
  path: '$',
  component: function Unknown() {
    useScreen(t`見られないページ`)
    return <NoRight />
  },
})

async function meOf({ queries }: Context): Promise<Me | null> {
  try {
    return await queries.query({ ...meQuery, staleTime: 'static' })
  } catch {
    return null // the gate says why
  }
}

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: async ({ context }) => {
    const me = await meOf(context)
    if (!me) return
    fetchFrame(me.home)
    throw redirect({ href: me.home, replace: true })
  },
})

const today = createRoute({
  getParentRoute: () => inside,
  path: '/today',
  component: lazyRouteComponent(() => import('~/screens/teacher/today/Page')),
})

/** ホーム of a guardian. */
const family = createRoute({
  getParentRoute: () => inside,
  path: '/family',
  component: lazyRouteComponent(() => import('~/screens/guardian/home/Page')),
})

/** お知らせの受け取り方. */
const channels = createRoute({
  getParentRoute: () => inside,
  path: '/family/told',
  component: lazyRouteComponent(() => import('~/screens/guardian/channels/Page')),
})

const tell = createRoute({
  getParentRoute: () => inside,
  path: '/family/tell',
  validateSearch: ({ notice }: Record<string, unknown>): { readonly notice?: string | undefined } => ({ notice: text(notice) }),
  component: lazyRouteComponent(() => import('~/screens/guardian/tell/Page')),
})

/** 設定 of a guardian. */
const familySettings = createRoute({
  getParentRoute: () => inside,
  path: '/family/settings',
  component: lazyRouteComponent(() => import('~/screens/guardian/settings/Page')),
})

const roll = createRoute({
  getParentRoute: () => inside,
  path: '/classes/$classId/days/$date/roll',
  component: lazyRouteComponent(() => import('~/screens/teacher/roll/Page')),
})

/** 時限ごとの出欠: a class's day by lessons; with `lesson`, its roll. */
const lessons = createRoute({
  getParentRoute: () => inside,
  path: '/classes/$classId/days/$date/lessons',
  validateSearch: ({ lesson }: Record<string, unknown>): { readonly lesson?: number | undefined } => ({ lesson: Number(lesson) || undefined }),
  component: lazyRouteComponent(() => import('~/screens/register/lessons/Page')),
})

/** 時限ごとの出欠 of today: of one's own class, else of the first class of one's school. */
const ownLessons = createRoute({
  getParentRoute: () => inside,
  path: '/lessons',
  component: NoRight,
  beforeLoad: async ({ context }) => {
    const me = await meOf(context)
    const classId = me && (await registerClass(me))
    if (me && classId) throw redirect({ to: '/classes/$classId/days/$date/lessons', params: { classId, date: me.today }, replace: true })
  },
})

/** 出席簿 as it was left today; else of this month, of one's own class or of the first of one's school. */
const ownRegister = createRoute({
  getParentRoute: () => inside,
  path: '/register',
  component: NoRight,
  beforeLoad: async ({ context }) => {
    const me = await meOf(context)
    const last = me && lastSheet(me)
    if (last) throw redirect({ href: last, replace: true })
    const classId = me && (await registerClass(me))
    if (me && classId) throw redirect({ to: '/classes/$classId/register/$sheet', params: { classId, sheet: me.today.slice(0, 7) }, replace: true })
  },
})

async function registerClass(me: Me): Promise<string | null> {
  const own = me.roles.find(({ kind, class: of }) => of && (kind === 'homeroom' || kind === 'assistant'))
  if (own?.class) return own.class.id
  const school = schoolOf(me)
  try {
    const classes = await read<readonly { readonly id: string; readonly school: string }[]>('/api/registry/v1/classes')
    return classes.find((one) => one.school === school?.id)?.id ?? null
  } catch {
    return null
  }
}

const register = createRoute({
  getParentRoute: () => inside,
  path: '/classes/$classId/register/$sheet',
  component: lazyRouteComponent(() => import('~/screens/register/sheet/Page')),
})

/** 欠課時数: of a month, or of the year. */
const lessonHours = createRoute({
  getParentRoute: () => inside,
  path: '/classes/$classId/lessons/$sheet',
  component: lazyRouteComponent(() => import('~/screens/register/hours/Page')),
})

function schoolOf(me: Me): School | null {
  return me.roles.find((role) => role.school)?.school ?? null
}

/** The rail's short addresses become dated ones, which can be pasted to a colleague. */
const school = createRoute({
  getParentRoute: () => inside,
  path: '/school',
  component: NoRight,
  beforeLoad: async ({ context }) => {
    const me = await meOf(context)
    const own = me && schoolOf(me)
    if (own) throw redirect({ to: '/schools/$schoolId/days/$date', params: { schoolId: own.id, date: me.today }, replace: true })
  },
})

const schoolDay = createRoute({
  getParentRoute: () => inside,
  path: '/schools/$schoolId/days/$date',
  validateSearch: ({ grade }: Record<string, unknown>): { readonly grade?: string | undefined } => ({ grade: text(grade) }),
  component: lazyRouteComponent(() => import('~/screens/school/day/Page')),
})

const classList = createRoute({
  getParentRoute: () => inside,
  path: '/classes/$classId/days/$date/list',
  component: lazyRouteComponent(() => import('~/screens/school/list/Page')),
})

const alerts = createRoute({
  getParentRoute: () => inside,
  path: '/schools/$schoolId/days/$date/alerts',
  component: lazyRouteComponent(() => import('~/screens/school/alerts/Page')),
})

const classAlerts = createRoute({
  getParentRoute: () => inside,
  path: '/classes/$classId/days/$date/alerts',
  component: lazyRouteComponent(() => import('~/screens/school/alerts/ClassPage')),
})

const yearPlan = createRoute({
  getParentRoute: () => inside,
  path: '/schools/$schoolId/days/$date/year',
  component: lazyRouteComponent(() => import('~/screens/school/year/Page')),
})

const schoolDuties = createRoute({
  getParentRoute: () => inside,
  path: '/schools/$schoolId/days/$date/duties',
  component: lazyRouteComponent(() => import('~/screens/school/duties/Page')),
})

const board = createRoute({
  getParentRoute: () => inside,
  path: '/board',
  beforeLoad: async ({ context }) => {
    const me = await meOf(context)
    if (me) throw redirect({ to: '/board/days/$date', params: { date: me.today }, replace: true })
  },
})

const boardDay = createRoute({
  getParentRoute: () => inside,
  path: '/board/days/$date',
  component: lazyRouteComponent(() => import('~/screens/board/day/Page')),
})

/** 気がかりな欠席 of every school in numbers. */
const boardAlerts = createRoute({
  getParentRoute: () => inside,
  path: '/board/days/$date/alerts',
  component: lazyRouteComponent(() => import('~/screens/board/alerts/Page')),
})

export interface PeopleSearch {
  readonly school?: string | undefined
  readonly class?: string | undefined
  readonly hat?: 'staff' | 'guardian' | undefined
  readonly q?: string | undefined
}

const people = createRoute({
  getParentRoute: () => inside,
  path: '/people',
  validateSearch: ({ school, class: of, hat, q }: Record<string, unknown>): PeopleSearch => ({
    school: text(school),
    class: text(of),
    hat: hat === 'staff' || hat === 'guardian' ? hat : undefined,
    q: text(q),
  }),
  component: lazyRouteComponent(() => import('~/screens/people/list/Page')),
})

export interface CardSearch {
  /** The day asked about. */
  readonly on?: string | undefined
  /** The day whose knowledge is asked for. */
  readonly known?: string | undefined
}

const card = createRoute({
  getParentRoute: () => inside,
  path: '/people/$personId',
  validateSearch: ({ on, known }: Record<string, unknown>): CardSearch => ({ on: text(on), known: text(known) }),
  component: lazyRouteComponent(() => import('~/screens/people/card/Page')),
})

const erased = createRoute({
  getParentRoute: () => inside,
  path: '/people/erased',
  component: lazyRouteComponent(() => import('~/screens/people/erased/Page')),
})

const invitations = createRoute({
  getParentRoute: () => inside,
  path: '/people/invitations',
  validateSearch: ({ class: of }: Record<string, unknown>): { readonly class?: string | undefined } => ({ class: text(of) }),
  component: lazyRouteComponent(() => import('~/screens/people/invitations/Page')),
})

const changeCard = createRoute({
  getParentRoute: () => inside,
  path: '/people/$personId/change/$act',
  validateSearch: ({ guardian }: Record<string, unknown>): { readonly guardian?: string | undefined } => ({ guardian: text(guardian) }),
  component: lazyRouteComponent(() => import('~/screens/people/change/Page')),
})

const calls = createRoute({
  getParentRoute: () => inside,
  path: '/calls',
  validateSearch: ({ pupil }: Record<string, unknown>): { readonly pupil?: string | undefined } => ({ pupil: text(pupil) }),
  component: lazyRouteComponent(() => import('~/screens/office/calls/Page')),
})

const moves = createRoute({
  getParentRoute: () => inside,
  path: '/moves',
  component: lazyRouteComponent(() => import('~/screens/office/moves/Page')),
})

export interface MoveSearch {
  readonly pupil?: string | undefined
  /** The school inside the city that accepts, from which day. */
  readonly to?: string | undefined
  readonly on?: string | undefined
}

const newMove = createRoute({
  getParentRoute: () => inside,
  path: '/moves/new',
  validateSearch: ({ pupil, to, on }: Record<string, unknown>): MoveSearch => ({ pupil: text(pupil), to: text(to), on: text(on) }),
  component: lazyRouteComponent(() => import('~/screens/office/moves/Announce')),
})

const arrive = createRoute({
  getParentRoute: () => inside,
  path: '/moves/arrive',
  component: lazyRouteComponent(() => import('~/screens/office/moves/Arrive')),
})

const move = createRoute({
  getParentRoute: () => inside,
  path: '/moves/$moveId',
  component: lazyRouteComponent(() => import('~/screens/office/moves/MovePage')),
})

/** Next year's classes of one's own school. */
const nextYear = createRoute({
  getParentRoute: () => inside,
  path: '/next-year',
  component: NoRight,
  beforeLoad: async ({ context }) => {
    const me = await meOf(context)
    const own = me && schoolOf(me)
    if (own) throw redirect({ to: '/schools/$schoolId/class-plans/$year', params: { schoolId: own.id, year: String(schoolYear(me.today) + 1) }, replace: true })
  },
})

const classPlan = createRoute({
  getParentRoute: () => inside,
  path: '/schools/$schoolId/class-plans/$year',
  component: lazyRouteComponent(() => import('~/screens/office/nextyear/Page')),
})

/** 年度更新 of the year that comes. */
const comingYear = createRoute({
  getParentRoute: () => inside,
  path: '/rollover',
  component: NoRight,
  beforeLoad: async ({ context }) => {
    const me = await meOf(context)
    if (me) throw redirect({ to: '/rollover/$year', params: { year: String(schoolYear(me.today) + 1) }, replace: true })
  },
})

const rollover = createRoute({
  getParentRoute: () => inside,
  path: '/rollover/$year',
  component: lazyRouteComponent(() => import('~/screens/office/rollover/Page')),
})

const schoolRollover = createRoute({
  getParentRoute: () => inside,
  path: '/schools/$schoolId/rollover/$year',
  component: lazyRouteComponent(() => import('~/screens/office/rollover/SchoolPage')),
})

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  component: NoRight,
  beforeLoad: async ({ context }) => {
    const me = await meOf(context)
    if (me?.settings.includes('calendar')) throw redirect({ to: '/settings/calendar/$year', params: { year: String(schoolYear(me.today)) }, replace: true })
    if (me?.settings.includes('alerts')) throw redirect({ to: '/settings/alerts', replace: true })
  },
})

const alertRules = createRoute({
  getParentRoute: () => inside,
  path: '/settings/alerts',
  component: lazyRouteComponent(() => import('~/screens/settings/alertrules/Page')),
})

const boardYear = createRoute({
  getParentRoute: () => inside,
  path: '/settings/calendar/$year',
  component: lazyRouteComponent(() => import('~/screens/settings/boardyear/Page')),
})

const attendanceLists = createRoute({
  getParentRoute: () => inside,
  path: '/settings/attendance',
  component: lazyRouteComponent(() => import('~/screens/settings/attendance/Page')),
})

const certificateForms = createRoute({
  getParentRoute: () => inside,
  path: '/settings/certificates',
  component: lazyRouteComponent(() => import('~/screens/settings/certificateforms/FormsPage')),
})

const textbooks = createRoute({
  getParentRoute: () => inside,
  path: '/settings/textbooks',
  component: lazyRouteComponent(() => import('~/screens/settings/certificateforms/BooksPage')),
})

const operations = createRoute({
  getParentRoute: () => inside,
  path: '/operations',
  component: lazyRouteComponent(() => import('~/screens/operator/operations/Page')),
})

const imports = createRoute({
  getParentRoute: () => inside,
  path: '/imports',
  component: lazyRouteComponent(() => import('~/screens/office/imports/Page')),
})

const gakureibo = createRoute({
  getParentRoute: () => inside,
  path: '/imports/gakureibo',
  component: lazyRouteComponent(() => import('~/screens/office/gakureibo/Page')),
})

const importUpload = createRoute({
  getParentRoute: () => inside,
  path: '/imports/uploads/$uploadId',
  component: lazyRouteComponent(() => import('~/screens/office/imports/UploadPage')),
})

const importRun = createRoute({
  getParentRoute: () => inside,
  path: '/imports/runs/$number',
  component: lazyRouteComponent(() => import('~/screens/office/imports/RunPage')),
})

const samePeople = createRoute({
  getParentRoute: () => inside,
  path: '/imports/same-people',
  component: lazyRouteComponent(() => import('~/screens/office/samepeople/Page')),
})

const askPair = createRoute({
  getParentRoute: () => inside,
  path: '/imports/same-people/ask',
  validateSearch: ({ card }: Record<string, unknown>): { readonly card?: string | undefined } => ({ card: text(card) }),
  component: lazyRouteComponent(() => import('~/screens/office/samepeople/AskPage')),
})

const samePair = createRoute({
  getParentRoute: () => inside,
  path: '/imports/same-people/$questionId',
  component: lazyRouteComponent(() => import('~/screens/office/samepeople/PairPage')),
})

const exported = createRoute({
  getParentRoute: () => inside,
  path: '/exports',
  component: lazyRouteComponent(() => import('~/screens/office/exports/Page')),
})

const tree = root.addChildren([
  signedOut,
  inside.addChildren([
    home,
    family,
    channels,
    tell,
    familySettings,
    today,
    roll,
    lessons,
    ownLessons,
    ownRegister,
    register,
    lessonHours,
    school,
    schoolDay,
    schoolDuties,
    classList,
    alerts,
    classAlerts,
    yearPlan,
    board,
    boardDay,
    boardAlerts,
    people,
    erased,
    invitations,
    card,
    changeCard,
    imports,
    gakureibo,
    importUpload,
    importRun,
    samePeople,
    askPair,
    samePair,
    exported,
    calls,
    moves,
    newMove,
    arrive,
    move,
    nextYear,
    classPlan,
    comingYear,
    rollover,
    schoolRollover,
    settings,
    boardYear,
    attendanceLists,
    certificateForms,
    textbooks,
    alertRules,
    operations,
    unknown,
  ]),
])

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: 'intent',
    defaultPreloadDelay: 80,
    defaultErrorComponent: Broken,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
