import { Trans, useLingui } from '@lingui/react/macro'
import { useEffect, useRef, type ReactNode, type SubmitEvent } from 'react'
import type { Problem } from '~/api/problem'
import { Button } from '~/parts/Button'
import { LinkButton } from '~/parts/LinkButton'
import { Strip } from '~/parts/Strip'
import type { Ask, Change } from './useChange'
import styles from './Page.module.css'

interface FormProps {
  readonly person: string
  readonly change: Change
  /** What is asked, from what was typed; null while it is not chosen which act it is. */
  readonly ask: () => Ask | null
  readonly children: ReactNode
  /** Of an act that nobody can take back: how its press reads, which no second Enter reaches, and what stands over it. */
  readonly destroys?: { readonly title: ReactNode; readonly press: ReactNode }
}

const RED = '[role="radiogroup"][aria-invalid="true"] input, input[aria-invalid="true"], select[aria-invalid="true"]'
/** Where typing goes on: not at the choice, which stands. */
const FIRST = 'input:not([type="radio"]), select'

/** The frame of every change: fields, what would follow, and only then the press that saves. */
export function Form({ person, change, ask, children, destroys }: FormProps) {
  const { t } = useLingui()
  const { step } = change
  const reading = step.kind === 'follows'
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    void change.look(ask())
  }
  const form = useRef<HTMLFormElement>(null)
  const before = useRef(step)
  const follows = useRef<HTMLElement>(null)
  // What the press brought is seen and worked on where it stands, however long the form is; nobody is left without a place.
  useEffect(() => {
    const here = form.current
    if (here === null || before.current === step) return
    before.current = step
    if (step.kind === 'follows') follows.current?.scrollIntoView({ block: 'nearest' })
    if (step.kind === 'follows' || step.kind === 'sending') return
    const red = here.querySelector<HTMLElement>(RED)
    if (red) {
      red.focus({ preventScroll: true })
      red.scrollIntoView({ block: 'center' })
    } else if (!here.contains(document.activeElement)) here.querySelector<HTMLElement>(step.kind === 'typing' ? FIRST : 'button[type="submit"]')?.focus()
  }, [step])
  return (
    <form ref={form} className={styles.form} onSubmit={submit} noValidate>
      <fieldset className={styles.fields} disabled={reading || step.kind === 'sending'} aria-label={t`入れるところ`}>
        {children}
      </fieldset>
      <Said change={change} />
      {step.kind === 'follows' ? (
        <section ref={follows} className={styles.follows} aria-live="polite">
          <h2>{destroys?.title ?? <Trans>保存すると</Trans>}</h2>
          {step.words.length === 0 && (
            <p>
              <Trans>変わるところがありません。いま記録されている内容と同じです。</Trans>
            </p>
          )}
          <ul>
            {step.words.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
          <div className={styles.acts}>
            {step.words.length > 0 && (
              <Button look="filled" autoFocus={destroys === undefined} onPress={() => void change.save(step.ask)}>
                {destroys?.press ?? <Trans>この内容で保存</Trans>}
              </Button>
            )}
            <Button autoFocus={step.words.length === 0 || destroys !== undefined} onPress={change.back}>
              <Trans>入れ直す</Trans>
            </Button>
          </div>
        </section>
      ) : (
        <div className={styles.acts}>
          <Button look="filled" type="submit">
            {step.kind === 'sending' ? <Trans>送っています…</Trans> : destroys ? <Trans>消す前に確かめる</Trans> : <Trans>保存する前に確かめる</Trans>}
          </Button>
          <LinkButton to="/people/$personId" params={{ personId: person }}>
            <Trans>やめる</Trans>
          </LinkButton>
        </div>
      )}
    </form>
  )
}

/** Every field that is wrong. Registry's own rules name theirs; what no rule has looked at yet is named here. */
function Errors({ of: { body } }: { readonly of: Problem }) {
  const { t } = useLingui()
  const names: Readonly<Record<string, string>> = {
    family: t`氏`,
    given: t`名`,
    family_kana: t`氏のよみ`,
    given_kana: t`名のよみ`,
    birth_date: t`生年月日`,
    sex: t`性別`,
    class_id: t`学級`,
    number: t`出席番号`,
    postal_code: t`郵便番号`,
    address: t`住所`,
    phones: t`電話`,
    language: t`読みやすいことば`,
    guardian: t`保護者`,
    relation: t`続柄`,
    confidential_from: t`知らせてはいけない相手`,
    since: t`いつから`,
    last: t`最後の日`,
    reason: t`わけ`,
  }
  return (
    <ul>
      {body.errors.map(({ field, message }) => {
        const name = body.type.endsWith('/invalid') ? names[field?.split('.').at(-1) ?? ''] : undefined
        return <li key={`${field ?? ''} ${message}`}>{name === undefined ? message : t`${name}: ${message}`}</li>
      })}
    </ul>
  )
}

function Said({ change: { step } }: { readonly change: Change }) {
  if (step.kind === 'away')
    return (
      <Strip kind="wait" live>
        <Trans>つながっていません。まだ保存していません。つながってから、もう一度押してください。</Trans>
      </Strip>
    )
  if (step.kind === 'stale')
    return (
      <Strip kind="look" live>
        <strong>{step.problem.body.title}</strong> {step.problem.body.detail}
      </Strip>
    )
  if (step.kind === 'wrong')
    return (
      <Strip kind="wrong" live>
        <strong>{step.problem.body.title}</strong> {step.problem.body.errors.length > 0 ? <Errors of={step.problem} /> : step.problem.body.detail}
      </Strip>
    )
  return null
}
