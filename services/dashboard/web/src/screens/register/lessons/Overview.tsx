import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { useRouter } from '@tanstack/react-router'
import { timeOf } from '~/dates/dates'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { Goto } from '~/parts/Goto'
import { fullName } from '~/parts/Name'
import { addressOf, type Child, type Lesson, type LessonDay } from './data'
import { Clashes } from './Clashes'
import { clashing, firstOpen, markOf } from './rules'
import { CODE_GLYPHS, CODE_WORDS } from './words'
import styles from './Page.module.css'

/** Every child's lessons of the day beside the day itself; what contradicts it first. */
export function Overview({ day, saved }: { readonly day: LessonDay; readonly saved: boolean }) {
  const { t } = useLingui()
  const found = clashing(day)
  return (
    <>
      {found.length > 0 && <Clashes day={day} found={found} />}
      <Block title={<Trans>1日と時限</Trans>} aside={<Legend />} table>
        <div className={styles.scroll} role="region" aria-label={t`時限ごとの出欠の表`} tabIndex={0}>
          <table className={styles.sheet}>
            <thead>
              <tr>
                <th scope="col" className={styles.number}>
                  <Trans>番</Trans>
                </th>
                <th scope="col" className={styles.name}>
                  <Trans>氏名</Trans>
                </th>
                <th scope="col" className={styles.whole}>
                  <Trans>1日</Trans>
                </th>
                {day.lessons.map((lesson) => (
                  <th key={lesson.period} scope="col">
                    <Head day={day} lesson={lesson} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {day.members.map((child) => (
                <Row key={child.pupil.id} day={day} child={child} />
              ))}
            </tbody>
          </table>
        </div>
        <Next day={day} saved={saved} />
      </Block>
    </>
  )
}

function Legend() {
  return (
    <Trans>
      ・ 出席　欠 欠課　遅 遅れて　途 途中まで　空欄はまだ確定していない時限です
    </Trans>
  )
}

/** A lesson's head: the way to its roll, and whether it was taken. */
function Head({ day, lesson }: { readonly day: LessonDay; readonly lesson: Lesson }) {
  const { period, at } = lesson
  const word = day.subjects.find(({ code }) => code === lesson.subject)?.word
  const content = (
    <>
      <b>{period}</b>
      <span className={styles.unseen}>{at === null ? <Trans>時限</Trans> : <Trans>時限 確定</Trans>}</span>
      <small>{at === null ? <Trans>まだ</Trans> : (word ?? timeOf(at, day.on))}</small>
    </>
  )
  const look = { className: styles.lesson, 'data-taken': at === null ? undefined : '' }
  return day.may_take && day.why_not_open === null ? (
    <Goto {...look} href={addressOf(day.class_id, day.on, period)}>
      {content}
    </Goto>
  ) : (
    <span {...look}>{content}</span>
  )
}

function Row({ day, child }: { readonly day: LessonDay; readonly child: Child }) {
  const { t, i18n } = useLingui()
  const symbol = day.symbols.find(({ code }) => code === child.day.code)
  const open = child.clashes.some(({ settled }) => !settled)
  return (
    <tr data-clash={open ? '' : undefined}>
      <td className={styles.number}>{child.number ?? (child.exchange ? t`交` : '')}</td>
      <th scope="row" className={styles.name} title={fullName(child.pupil)}>
        {fullName(child.pupil)}
      </th>
      <td className={styles.whole} data-tint={symbol?.tint ?? 'none'}>
        {symbol?.word ?? t`未入力`}
      </td>
      {day.lessons.map(({ period, at }) => {
        const mark = markOf(child, period)
        if (!mark)
          return (
            <td key={period} data-kind={at === null || child.exchange ? 'ahead' : 'unrecorded'}>
              {at !== null && !child.exchange && t`未`}
            </td>
          )
        const [word, who, when] = [i18n._(CODE_WORDS[mark.code]), fullName(mark.by), timeOf(mark.at, day.on)]
        return (
          <td key={period} data-code={mark.code} title={t`${period}時限 ${word}（${who} ${when}）`}>
            <span aria-hidden="true">{i18n._(CODE_GLYPHS[mark.code])}</span>
            <span className={styles.unseen}>{word}</span>
          </td>
        )
      })}
    </tr>
  )
}

/** The one act that goes on: the first lesson that nobody has taken. */
function Next({ day, saved }: { readonly day: LessonDay; readonly saved: boolean }) {
  const router = useRouter()
  const period = firstOpen(day)
  if (!day.may_take || day.why_not_open !== null) return null
  if (period === null)
    return (
      <p className={styles.done} role="status">
        <Plural value={day.lessons.length} other="#時限すべてを確定しました" />
      </p>
    )
  return (
    <div>
      <Button look="filled" autoFocus={saved} onPress={() => router.history.push(addressOf(day.class_id, day.on, period))}>
        <Trans>{period}時限の出欠をとる</Trans>
      </Button>
    </div>
  )
}
