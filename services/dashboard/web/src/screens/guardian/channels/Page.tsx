import '../words'
import { Trans, useLingui } from '@lingui/react/macro'
import { useScreen } from '~/app/screen'
import { useRead } from '~/api/useRead'
import { LinkButton } from '~/parts/LinkButton'
import { LoadingRows } from '~/parts/States'
import { useDays } from '../days'
import { Title } from '../frame/Title'
import { Trouble } from '../Trouble'
import { channelsQuery } from './data'
import { Devices } from './Devices'
import { Mails } from './Mails'
import styles from './Page.module.css'

/** お知らせの受け取り方: addresses and devices of one's own, and what last became of a message to each. */
export default function ChannelsPage() {
  const { t } = useLingui()
  const { data, error, again } = useRead(channelsQuery)
  useScreen(t`お知らせの受け取り方`)
  const { hour } = useDays()
  return (
    <div className={styles.page}>
      <Title>
        <Trans>お知らせの受け取り方</Trans>
      </Title>
      <p>
        <Trans>担任が連絡を確認したときと、学校から返事があるときに、お知らせします。お子さんの名前や理由は書きません。</Trans>
      </p>
      {data ? (
        <>
          <p className={styles.aside}>
            <Trans>
              {hour(data.quiet_from)}から{hour(data.quiet_until)}までは、鳴らしません。
            </Trans>
          </p>
          <Mails page={data} />
          <Devices page={data} />
        </>
      ) : error ? (
        <Trouble error={error} onRetry={again} />
      ) : (
        <LoadingRows rows={6} />
      )}
      <LinkButton to="/family">
        <Trans>ホームへ</Trans>
      </LinkButton>
    </div>
  )
}
