/** What comes from the school's side in Japanese, said in the family's language where it is one of a known few. */
import { Trans } from '@lingui/react/macro'
import type { ReactNode } from 'react'
import type { ProblemBody } from '~/api/problem'
import { useSpeaking } from '~/languages/speaking'

/** 母, 父, 祖母 …: what somebody is to the child. Any other word stands as it came. */
export function Relation({ word }: { readonly word: string }) {
  return RELATIONS[word] ?? <span lang="ja">{word}</span>
}

const RELATIONS: Readonly<Record<string, ReactNode>> = {
  母: <Trans>母</Trans>,
  父: <Trans>父</Trans>,
  祖母: <Trans>祖母</Trans>,
  祖父: <Trans>祖父</Trans>,
}

/** Why the school's side did not take something. In another language the service's own words stand below. */
export function WhyNot({ problem }: { readonly problem: ProblemBody }) {
  const { language } = useSpeaking()
  const own = problem.errors.map(({ message }) => message).join(' ') || problem.detail || problem.title
  if (language.code === 'ja') return <p>{own}</p>
  return (
    <>
      <p>{meaning(problem)}</p>
      {own !== '' && (
        <p lang="ja">
          <small>{own}</small>
        </p>
      )}
    </>
  )
}

function meaning({ type, status, errors }: ProblemBody): ReactNode {
  const field = errors[0]?.field
  if (type.endsWith('/notice-refused') && (field === 'since' || field === 'until')) return <Trans>日にちを確かめてください</Trans>
  if (type.endsWith('/notice-refused') && field === 'words') return <Trans>つたえたいことを書いてください</Trans>
  if (type.endsWith('/moved')) return <Trans>ほかの人が先に変えました。ホームを見てください。</Trans>
  if (type.endsWith('/withdrawn')) return <Trans>もう取り消してあります。</Trans>
  if (status === 403 || status === 404) return <Trans>ここからは連絡できません。学校に電話してください。</Trans>
  return <Trans>送れませんでした。学校に電話してください。</Trans>
}
