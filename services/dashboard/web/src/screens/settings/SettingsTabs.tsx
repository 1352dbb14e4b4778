import { useLingui } from '@lingui/react/macro'
import { useLocation } from '@tanstack/react-router'
import tabs from '~/app/SchoolTabs.module.css'
import { useMe } from '~/app/me'
import { Goto } from '~/parts/Goto'

/** What the board decides for all of its schools, as far as it is this person's; each is a place with its own address. */
export function SettingsTabs() {
  const { t } = useLingui()
  const path = useLocation({ select: ({ pathname }) => pathname })
  const { settings } = useMe()
  const all = [
    { id: 'calendar', under: '/settings/calendar', to: '/settings', word: t`市の年間予定` },
    { id: 'attendance', under: '/settings/attendance', to: '/settings/attendance', word: t`出席の記号と区分` },
    { id: 'certificates', under: '/settings/certificates', to: '/settings/certificates', word: t`証明書の様式` },
    { id: 'textbooks', under: '/settings/textbooks', to: '/settings/textbooks', word: t`教科書` },
    { id: 'alerts', under: '/settings/alerts', to: '/settings/alerts', word: t`気がかりな欠席の決まり` },
  ].filter(({ id }) => settings.includes(id))
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
