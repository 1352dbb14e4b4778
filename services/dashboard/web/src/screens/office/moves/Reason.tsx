import { Trans, useLingui } from '@lingui/react/macro'
import { Tiles } from '~/parts/Tiles'

interface ReasonProps {
  readonly value: string | null
  readonly onChange: (value: string) => void
}

/** Why a child changes the school, as the forms tell it apart. */
export function Reason({ value, onChange }: ReasonProps) {
  const { t } = useLingui()
  return (
    <Tiles
      label={t`わけ`}
      required
      value={value}
      onChange={onChange}
      tiles={[
        { value: 'moved_house', content: <Trans>転居</Trans> },
        { value: 'family', content: <Trans>家庭の事情</Trans> },
        { value: 'school_choice', content: <Trans>指定校変更・区域外就学</Trans> },
        { value: 'other', content: <Trans>そのほか</Trans> },
      ]}
    />
  )
}
