import { useLingui } from '@lingui/react/macro'
import { useLocation } from '@tanstack/react-router'
import tabs from '~/app/SchoolTabs.module.css'
import { Goto } from '~/parts/Goto'

/** What the board decides for all of its schools; each is a place with its own address. */
export function SettingsTabs() {
  const { t } = useLingui()
  const path = useLocation({ select: ({ pathname }) => pathname })
  const all = [
    { under: '/settings/calendar', to: '/settings', word: t`市の年間予定` },
    { under: '/settings/certificates', to: '/settings/certificates', word: t`証明書の様式` },
    { under: '/settings/textbooks', to: '/settings/textbooks', word: t`教科書` },
  ]
  return (
    <nav className={tabs.tabs} aria-label={t`市の設定の画面`}>
      {all.map(({ under, to, word }) => {
        const here = path.startsWith(under)
        return (
          <Goto key={under} href={to} className={tabs.tab} data-here={here ? '' : undefined} aria-current={here ? 'page' : undefined}>
            {word}
          </Goto>
        )
      })}
    </nav>
  )
}
