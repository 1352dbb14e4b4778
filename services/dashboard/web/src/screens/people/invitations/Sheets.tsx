import { Plural, Trans, useLingui } from '@lingui/react/macro'
import { Block } from '~/parts/Block'
import { PlainLinkButton } from '~/parts/LinkButton'
import { Progress } from '~/parts/Progress'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import panel from '~/parts/Panel.module.css'
import type { Made, usePrinting } from './usePrinting'
import styles from './invitations.module.css'

/** What printing has come to: how far it is, the sheets by class, what was left out and why. */
export function Sheets({ printing }: { readonly printing: ReturnType<typeof usePrinting> }) {
  const { t } = useLingui()
  const { made, at, error } = printing
  const done = at ? at.done : 0
  const all = at ? at.of : 0
  const name = at?.name || t`学級のない子`
  return (
    <>
      {at && (
        <Progress label={t`紙を作っています（${done} / ${all}　${name}）`} value={(100 * done) / all}>
          <Trans>この画面を開いたままにしてください。</Trans>
        </Progress>
      )}
      <Refused error={error} />
      {made.length > 0 && (
        <Block title={<Trans>できた紙</Trans>}>
          <ul className={styles.made}>
            {made.map((one, i) => (
              <li key={i}>
                <One made={one} />
              </li>
            ))}
          </ul>
          <p className={panel.note}>
            <Trans>紙はこの画面にだけあります。閉じる前に印刷してください。印刷できなかったときは、もう一度作ると、前の紙は使えなくなります。</Trans>
          </p>
        </Block>
      )}
    </>
  )
}

function One({ made: { name, printed, href, missing, refused } }: { readonly made: Made }) {
  const { t } = useLingui()
  const place = name || t`学級のない子`
  const letters = missing.join(t`・`)
  return (
    <>
      {href !== null ? (
        <PlainLinkButton look="line" href={href} download={t`招待の紙_${place}.pdf`}>
          <Trans>
            {place}の紙（{printed}枚）を開く
          </Trans>
        </PlainLinkButton>
      ) : (
        printed > 0 && (
          <Strip kind="wait">
            <Trans>{place}の紙は作られましたが、届く前に途切れました。もう一度作ってください（前の紙は使えなくなります）。</Trans>
          </Strip>
        )
      )}
      {refused > 0 && (
        <p className={panel.note}>
          <Plural value={refused} other="#人は、ほかの人が先に紙を作ったか、保護者でなくなったので、作りませんでした。" />
        </p>
      )}
      {missing.length > 0 && (
        <p className={panel.note}>
          <Trans>印刷用の書体にない字（{letters}）は〓にしました。手で書き入れてください。</Trans>
        </p>
      )}
    </>
  )
}
