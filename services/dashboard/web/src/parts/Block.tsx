import { useId, type ReactNode } from 'react'
import panel from './Panel.module.css'
import { useMedia } from './useMedia'

interface BlockProps {
  readonly title: ReactNode
  /** A few words after the title. */
  readonly aside?: ReactNode
  /** True when the content is a table, which may be wider than a phone and then scrolls by itself. */
  readonly table?: boolean
  readonly children: ReactNode
}

/** One question of a screen with its heading. */
export function Block({ title, aside, table = false, children }: BlockProps) {
  const id = useId()
  const narrow = useMedia('screen and (max-width: 47.9375em)')
  return (
    <section className={panel.block}>
      <div className={panel.head}>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <p className={panel.aside}>{aside}</p>}
      </div>
      {table ? (
        <div className={panel.scroll} {...(narrow ? { role: 'region', 'aria-labelledby': id, tabIndex: 0 } : {})}>
          {children}
        </div>
      ) : (
        children
      )}
    </section>
  )
}
