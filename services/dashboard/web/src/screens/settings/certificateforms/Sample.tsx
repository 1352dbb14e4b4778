import { Trans, useLingui } from '@lingui/react/macro'
import { useState } from 'react'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { PlainLinkButton } from '~/parts/LinkButton'
import { Refused } from '~/parts/Refused'
import type { Form, Kind } from './data'
import { useSample } from './useSample'
import panel from '~/parts/Panel.module.css'
import styles from './Page.module.css'

/** How the form is printed, with an invented child: it follows what is written. */
export function Sample({ kind, form, path }: { readonly kind: Kind; readonly form: Form; readonly path: string }) {
  const { t } = useLingui()
  const [left, setLeft] = useState(false)
  const { sample, error, late } = useSample(`${path}/sample`, kind, form, left)
  return (
    <div className={styles.sample}>
      <Block title={<Trans>見本</Trans>} aside={<Trans>名前や日付は作りものです</Trans>}>
        <div className={panel.bar}>
          <Button size="small" onPress={() => setLeft(!left)}>
            {left ? <Trans>在学中の文で見る</Trans> : <Trans>転出したあとの文で見る</Trans>}
          </Button>
          {sample && (
            <PlainLinkButton size="small" href={sample.pdf} download={t`見本.pdf`}>
              <Trans>PDFを受け取る</Trans>
            </PlainLinkButton>
          )}
        </div>
        <Refused error={error} />
        {sample && (
          <div className={styles.pages} data-late={late ? '' : undefined} tabIndex={0} role="region" aria-label={t`見本の紙`}>
            {sample.pages.map((page, i) => (
              <img key={i} src={page} alt={t`見本 ${i + 1}ページ`} />
            ))}
          </div>
        )}
      </Block>
    </div>
  )
}
