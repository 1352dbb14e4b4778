import { Trans, useLingui } from '@lingui/react/macro'
import { FileUp } from 'lucide-react'
import { useId, useRef, useState, type DragEvent } from 'react'
import { NotConnected, Problem } from '~/api/problem'
import { Button } from '~/parts/Button'
import { Strip } from '~/parts/Strip'
import { choose, type Choice } from './rules'
import styles from './Bring.module.css'

interface BringProps {
  readonly onFiles: (files: readonly File[]) => Promise<void>
  /** Why nothing can be chosen yet. */
  readonly off?: string | undefined
}

/** Where files are chosen or dropped. What cannot be a roster is said before anything is sent. */
export function Bring({ onFiles, off }: BringProps) {
  const { t } = useLingui()
  const input = useRef<HTMLInputElement>(null)
  const hint = useId()
  const [over, setOver] = useState(false)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<Choice | Error | null>(null)

  async function take(given: readonly File[]) {
    const choice = choose(given)
    if (choice.kind !== 'good') {
      setWrong(choice.kind === 'none' ? null : choice)
      return
    }
    setWrong(null)
    setBusy(true)
    try {
      await onFiles(choice.files)
    } catch (error) {
      setWrong(error as Error)
      setBusy(false)
    }
  }

  function dropped(event: DragEvent) {
    event.preventDefault()
    setOver(false)
    if (off === undefined && !busy) void take([...event.dataTransfer.files])
  }

  return (
    <>
      {wrong && (
        <Strip kind="wrong" live>
          <WhyNot wrong={wrong} />
        </Strip>
      )}
      <div
        className={styles.drop}
        data-over={over ? '' : undefined}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={dropped}
      >
        <FileUp aria-hidden size="2rem" strokeWidth={1.5} />
        <div className={styles.words}>
          <Button
            look="filled"
            size="large"
            off={off ?? (busy ? t`送り始めています` : undefined)}
            aria-describedby={hint}
            onPress={() => input.current?.click()}
          >
            {busy ? <Trans>送り始めています…</Trans> : <Trans>名簿のファイルを選ぶ</Trans>}
          </Button>
          <p id={hint} className={styles.hint}>
            <Trans>OneRoster の zip を1つ、または CSV の一式（manifest.csv と companion.json も）。ここに置いても選べます。選んだだけでは何も変わりません。</Trans>
          </p>
        </div>
        <input
          ref={input}
          className={styles.input}
          type="file"
          multiple
          accept=".zip,.csv,.json"
          tabIndex={-1}
          aria-label={t`名簿のファイル`}
          onChange={({ target }) => {
            void take([...(target.files ?? [])])
            target.value = '' // the same file may be chosen again after it was mended
          }}
        />
      </div>
    </>
  )
}

function WhyNot({ wrong }: { readonly wrong: Choice | Error }) {
  if (wrong instanceof NotConnected) return <Trans>つながっていません。つながってから、もう一度ファイルを選んでください。</Trans>
  if (wrong instanceof Problem) {
    const told = wrong.body.errors.map(({ field, message }) => [field, message].filter(Boolean).join(' ')).join(' ')
    return (
      <>
        <strong>{wrong.body.title}</strong> {told || wrong.body.detail}
      </>
    )
  }
  if (wrong instanceof Error) return <Trans>送り始められませんでした。もう一度ファイルを選んでください。</Trans>
  if (wrong.kind === 'foreign') {
    const names = wrong.names.slice(0, 3).join('、')
    return <Trans>「{names}」は名簿のファイルではありません。OneRoster の CSV か zip を選んでください。</Trans>
  }
  if (wrong.kind === 'no-manifest') return <Trans>manifest.csv がありません。CSV は一式をまとめて選んでください。</Trans>
  return <Trans>zip は1つだけ選んでください。CSV と一緒には送れません。</Trans>
}
