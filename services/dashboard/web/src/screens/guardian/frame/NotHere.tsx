import { Trans, useLingui } from '@lingui/react/macro'
import { useScreen } from '~/app/screen'
import { LinkButton } from '~/parts/LinkButton'
import { Empty } from '~/parts/States'
import { HOME } from '../data'

/** Whatever a guardian has nothing to do with: whether it exists is not told. */
export function NotHere() {
  const { t } = useLingui()
  useScreen(t`見られないページ`)
  return (
    <Empty
      page
      title={<Trans>このページは見られません</Trans>}
      action={
        <div>
          <LinkButton look="filled" to={HOME}>
            <Trans>ホームへ</Trans>
          </LinkButton>
        </div>
      }
    >
      <Trans>アドレスを確かめるか、ホームから開いてください。</Trans>
    </Empty>
  )
}
