import { t } from '@lingui/core/macro'
import { addDays, timeOf, workDay, type Day } from '~/dates/dates'
import type { Kind, Notice, Sent } from './data'
import type { TileId } from './rules'

export function tileWord(tile: TileId): string {
  const words: Readonly<Record<TileId, string>> = {
    sick: t`欠席（病気・けが）`,
    home: t`欠席（家の用事など）`,
    late: t`遅刻`,
    early: t`早退`,
    mourning: t`忌引`,
    other: t`そのほか`,
  }
  return words[tile]
}

export function kindWord({ kind, reason }: Pick<Notice, 'kind' | 'reason'>): string {
  const words: Readonly<Record<Kind, string>> = {
    absent: reason === 'sick' ? t`欠席（病気・けが）` : t`欠席（家の用事など）`,
    late: t`遅刻`,
    early_leave: t`早退`,
    bereavement: t`忌引`,
    other: t`そのほか`,
  }
  return words[kind]
}

/** 「11月20日（金）」 or 「11月20日（金）から11月24日（火）まで」. */
export function daysWord({ since, until }: Pick<Notice, 'since' | 'until'>): string {
  const last = addDays(until, -1)
  const [from, to] = [workDay(since), workDay(last)]
  return last === since ? from : t`${from}から${to}まで`
}

/** Who told it: 「母」, or the words that were taken down. */
export function tellerWord({ relation_word, teller }: Notice): string {
  return relation_word ?? teller ?? t`保護者`
}

export function channelWord({ channel }: Notice): string {
  const words: Readonly<Record<Notice['channel'], string>> = { phone: t`電話`, paper: t`連絡帳・書面`, app: t`アプリ` }
  return words[channel]
}

/** 「7:41に母から届いています」; changed since, also when: the roll has what holds from that time. */
export function arrivedWord(notice: Notice, today: Day): string {
  const [when, who, changed] = [timeOf(notice.told_at, today), tellerWord(notice), changedWord(notice, today)]
  const arrived = t`${when}に${who}から届いています`
  return changed === '' ? arrived : `${arrived}${changed}`
}

/** 「（8:20に変更）」, where what stands is not what was told first. */
export function changedWord(notice: Notice, today: Day): string {
  const at = timeOf(notice.entered_at, today)
  return notice.revision === 1 || notice.withdrawn ? '' : t`（${at}に変更）`
}

/** What became of telling a family, which way. */
export function sentWord({ kind, what, state, reason }: Sent): string {
  const way = kind === 'email' ? t`メール` : t`端末へのお知らせ`
  const of = what === 'confirmed' ? t`確認` : t`返信`
  if (state === 'handed_over') return t`${of}を${way}で知らせました`
  if (state === 'gone') return kind === 'email' ? t`${of}を知らせられません（メールの宛先がありません）` : t`${of}を知らせられません（端末が受け取りをやめています）`
  if (state === 'waiting') return reason === null ? t`${of}を${way}で知らせるのを待っています` : t`${of}を${way}で知らせられず、もう一度ためします`
  if (reason === 'no_right') return t`${of}は知らせません（知らせてよい保護者ではなくなりました）`
  if (reason === 'no_channel') return t`${of}は${way}では知らせません（使える届け先がなくなりました）`
  return t`${of}を${way}で知らせられませんでした`
}
