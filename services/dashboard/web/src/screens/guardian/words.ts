import { learn } from '~/languages/speaking'
import { messages } from '~/locales/guardian/ja.po'
import { messages as shell } from '~/locales/shell/ja.po'

/** The words of guardians' screens come with the first of them; every page here imports this. */
learn({ ...shell, ...messages })
