/** The language is the account's: chosen here, met on every other device; the device's own word until then. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { command, read } from '~/api/http'
import { NotConnected, Problem } from '~/api/problem'
import { uuid7 } from '~/api/uuid7'
import { useMe } from '~/app/me'
import { hasChosen, keepSpeaking, speak, useSpeaking } from '~/languages/speaking'

interface Choice {
  readonly language: string | null
  readonly furigana: boolean
}

const PATH = '/api/identity/v1/me/language'
/** Whose choice the account has not heard of: it was made without a network. */
const UNTOLD = 'tsumugi-language-untold'

/** Speak so from now on, here and on every device of this person. */
export function useChoose(): (code: string, furigana: boolean) => Promise<void> {
  const { id } = useMe().person
  return async (code, furigana) => {
    if (!(await speak(code, furigana))) return
    keepSpeaking(code, furigana)
    localStorage.setItem(UNTOLD, id)
    await tell(id, { language: code, furigana })
  }
}

async function tell(owner: string, choice: Choice): Promise<void> {
  try {
    await command(PATH, choice, uuid7(), owner)
    localStorage.removeItem(UNTOLD)
  } catch (error) {
    if (!(error instanceof NotConnected || error instanceof Problem)) throw error
  }
}

/** Meets the account's language; true while the one that the device asked for has yet to be confirmed. */
export function useAccountLanguage(): { readonly offered: boolean; readonly confirm: () => void } {
  const me = useMe()
  const owner = me.person.id
  const { language, furigana } = useSpeaking()
  const [done, setDone] = useState(false)
  const choose = useChoose()
  const { data } = useQuery({ queryKey: ['language', owner], queryFn: ({ signal }) => read<Choice>(PATH, signal), enabled: me.away !== true, staleTime: Infinity })
  useEffect(() => {
    if (!data) return
    if (localStorage.getItem(UNTOLD) === owner) void tell(owner, { language: language.code, furigana })
    else if (data.language !== null) {
      keepSpeaking(data.language, data.furigana)
      void speak(data.language, data.furigana)
    }
    // Once, when the account has answered: what is chosen afterwards is told by itself.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [data, owner])
  const offered = !done && data?.language === null && !hasChosen() && language.code !== 'ja'
  return {
    offered,
    confirm: () => {
      setDone(true)
      void choose(language.code, furigana)
    },
  }
}
