import { Trans, useLingui } from '@lingui/react/macro'
import { CircleAlert, CloudOff, DoorClosed, UserCheck } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { isGone, NotConnected, Problem } from '~/api/problem'
import { signInAddress } from '~/api/session'
import { PlainButton as Button } from './PlainButton'
import { PlainLinkButton } from './LinkButton'
import styles from './States.module.css'

interface NoteProps {
  readonly icon: ReactNode
  readonly title: ReactNode
  readonly children?: ReactNode
  readonly action?: ReactNode
  /** A whole page's only content has the page's heading. */
  readonly page?: boolean
}

function Note({ icon, title, children, action, page = false }: NoteProps) {
  const Title = page ? 'h1' : 'h2'
  return (
    <div className={styles.note} data-page={page ? '' : undefined}>
      {icon}
      <div className={styles.words}>
        <Title className={styles.title}>{title}</Title>
        {children !== undefined && <div className={styles.text}>{children}</div>}
        {action}
      </div>
    </div>
  )
}

/** Nothing here, and that is either fine or explained. */
export function Empty({ title, children, action, page = false }: Omit<NoteProps, 'icon'>) {
  return (
    <Note icon={null} title={title} action={action} page={page}>
      {children}
    </Note>
  )
}

/** For "does not exist" and "not allowed" alike, so that neither is told. */
export function NoRight() {
  return (
    <Note page icon={<DoorClosed aria-hidden size="2rem" strokeWidth={1.5} />} title={<Trans>このページは見られません</Trans>}>
      <p>
        <Trans>仕事で必要なときは管理者に伝えてください。アドレスを打ちまちがえたときも、この画面になります。</Trans>
      </p>
    </Note>
  )
}

interface CannotReadProps {
  readonly error: Error
  /** 「2年1組の出欠」: what could not be read. */
  readonly what: string
  /** What still works meanwhile. */
  readonly still?: ReactNode
  readonly onRetry: () => void
}

/** Why a block has nothing to show, what still works, and the one thing to do. */
export function CannotRead({ error, what, still, onRetry }: CannotReadProps) {
  const again = (
    <div>
      <Button onPress={onRetry}>
        <Trans>もう一度読み込む</Trans>
      </Button>
    </div>
  )
  if (error instanceof NotConnected)
    return (
      <Note page icon={<CloudOff aria-hidden size="2rem" strokeWidth={1.5} />} title={<Trans>つながっていません</Trans>} action={again}>
        <p>
          <Trans>{what}は、まだこの端末にありません。つながると読み込みます。</Trans>
        </p>
        {still}
      </Note>
    )
  const problem = error instanceof Problem ? error.body : null
  if (isGone(error)) return <NoRight />
  if (error instanceof Problem && error.stepUp)
    return (
      <Note
        page
        icon={<UserCheck aria-hidden size="2rem" strokeWidth={1.5} />}
        title={<Trans>もう一度本人確認をします</Trans>}
        action={
          <div>
            <PlainLinkButton look="filled" href={signInAddress(location.pathname + location.search, true)}>
              <Trans>本人確認をする</Trans>
            </PlainLinkButton>
          </div>
        }
      >
        <p>
          <Trans>{what}を開くために要ります。終わると、この画面に戻ります。</Trans>
        </p>
      </Note>
    )
  // 503 with words is a service of ours that knows what is away, for everything here; other failures have nothing to say.
  const away = problem?.status === 503 && problem.detail ? problem : null
  const told = problem && problem.status < 500 ? problem : null
  return (
    <Note page icon={<CircleAlert aria-hidden size="2rem" strokeWidth={1.5} />} title={away?.title ?? <Trans>{what}を読み込めません</Trans>} action={again}>
      {away ? (
        <p>{away.detail}</p>
      ) : told?.title ? (
        <p>
          {told.title} {told.detail}
        </p>
      ) : (
        <p>
          <Trans>少し待ってから読み込んでください。入力してあるものは、この端末に残っています。</Trans>
        </p>
      )}
      {still}
    </Note>
  )
}

/** Rows of the right height; nothing for the first 150 ms, because most answers are quicker. */
export function LoadingRows({ rows }: { readonly rows: number }) {
  const { t } = useLingui()
  const late = useLate(150)
  return (
    <div className={styles.loading} data-loading="" role="status" aria-label={late ? t`読み込んでいます` : undefined} data-shown={late ? '' : undefined}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className={styles.bone} />
      ))}
    </div>
  )
}

function useLate(ms: number): boolean {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return late
}
