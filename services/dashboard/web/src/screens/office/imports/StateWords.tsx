import { Plural, Trans } from '@lingui/react/macro'
import panel from '~/parts/Panel.module.css'
import { changesOf } from './rules'
import type { Run, Upload } from './types'

/** How far a package is that is no run yet. */
export function UploadStateWord({ upload: { state, found } }: { readonly upload: Upload }) {
  switch (state) {
    case 'receiving':
      return <Trans>送っている途中</Trans>
    case 'checking':
      return <Trans>確かめています</Trans>
    case 'refused':
      return (
        <span className={panel.wait}>
          <Plural value={found.total ?? 0} other="直すところ#件" />
        </span>
      )
    case 'ready':
      return found.nothing ? <Trans>変更はありません</Trans> : <Plural value={changesOf(found)} other="変更#件を確かめる" />
    case 'stopped':
      return (
        <span className={panel.wait}>
          <Trans>確かめられませんでした</Trans>
        </span>
      )
    default:
      return <Trans>取り込みを始めています</Trans>
  }
}

/** How far a run is; one that nobody works on has stopped. */
export function RunState({ run: { state, working, parts, parts_done: done } }: { readonly run: Run }) {
  if (state === 'reverted') return <Trans>元に戻しました</Trans>
  if (state === 'done' && !working)
    return (
      <span className={panel.good}>
        <Trans>取り込みました</Trans>
      </span>
    )
  if (state === 'reverting' || state === 'done')
    return working ? (
      <Trans>元に戻しています</Trans>
    ) : (
      <span className={panel.wait}>
        <Trans>元に戻す途中で止まっています</Trans>
      </span>
    )
  return working ? (
    <Trans>
      取り込んでいます {done} / {parts}
    </Trans>
  ) : (
    <span className={panel.wait}>
      <Trans>
        途中で止まっています {done} / {parts}
      </Trans>
    </span>
  )
}
