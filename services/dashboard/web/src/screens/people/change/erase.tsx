import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import type { Card } from '~/api/people'
import { Field } from '~/parts/Field'
import { LinkButton } from '~/parts/LinkButton'
import { fullName } from '~/parts/Name'
import { Strip } from '~/parts/Strip'
import { Tiles } from '~/parts/Tiles'
import { Form } from './Form'
import { useChange } from './useChange'
import styles from './Page.module.css'

/** Everything about somebody goes, for good: why, and the name typed once more, before what would go is shown. */
export function EraseForm({ card }: { readonly card: Card }) {
  const { t } = useLingui()
  const change = useChange(card.person.id, 'erasure')
  const [ground, setGround] = useState<string | null>(null)
  const [document, setDocument] = useState('')
  const [name, setName] = useState('')
  const shown = fullName(card.person)
  return (
    <div className={styles.form}>
      <Strip
        kind="look"
        action={
          <LinkButton to="/people/erased">
            <Trans>消去の記録</Trans>
          </LinkButton>
        }
      >
        <Trans>消したものは元に戻せません。どの画面からも配信からもなくなり、消した日・わけ・消した人だけが残ります。</Trans>
      </Strip>
      <Form
        person={card.person.id}
        change={change}
        ask={() => ({ ground: ground ?? '', document, name })}
        destroys={{ title: <Trans>消すと、次のものがなくなります。元に戻せません</Trans>, press: <Trans>{shown} の記録を消す</Trans> }}
      >
        <Tiles
          label={t`わけ`}
          value={ground}
          onChange={setGround}
          wrong={change.wrong('ground')}
          tiles={[
            { value: 'retention_over', content: <Trans>保存期間が過ぎた</Trans> },
            { value: 'by_mistake', content: <Trans>誤って登録した</Trans> },
            { value: 'decided', content: <Trans>決定があった（利用停止・裁判など）</Trans> },
          ]}
        />
        {ground === 'decided' && <Field label={<Trans>決定の文書番号</Trans>} required value={document} onChange={setDocument} wrong={change.wrong('document')} />}
        <Field label={<Trans>確かめのため、この人の氏名</Trans>} required value={name} onChange={setName} wrong={change.wrong('name')} hint={<Trans>「{shown}」と入れてください</Trans>} />
      </Form>
    </div>
  )
}
