import '~/tokens/tokens.css'
import '~/tokens/base.css'
import { I18nProvider } from '@lingui/react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { retryDelay, worthRetrying } from '~/api/retry'
import { session } from '~/api/session'
import { fetchFrame } from '~/app/frames'
import { i18n, speakJapanese } from '~/app/i18n'
import { holdInstall } from '~/app/install'
import { leave } from '~/app/leave'
import { meQuery } from '~/app/me'
import { makeRouter } from '~/app/routes'
import { liveKeys, startLive } from '~/live/live'
import { outbox } from '~/outbox/useOutbox'

const queries = new QueryClient({
  defaultOptions: {
    queries: { networkMode: 'always', staleTime: 15_000, gcTime: 10 * 60_000, retry: worthRetrying, retryDelay },
  },
})
const router = makeRouter(queries)

holdInstall()
speakJapanese()
fetchFrame(location.pathname)
startLive(queries)

// After an own write everything that lives, or says that it follows own writes, is read again, with X-After. Here and not
// on a screen: the answer may come while one goes and the next is on its way. Another tab's sign-in asks anew who it is.
outbox.onDone(() => void queries.invalidateQueries({ predicate: ({ state, meta }) => liveKeys(state.data).length > 0 || meta?.['followsWrites'] === true }))
session.onLeft((person, to) => void leave(person, to))
session.subscribe(() => {
  if (session.current() === 'open') void queries.invalidateQueries({ queryKey: meQuery.queryKey })
})

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>
  </StrictMode>,
)
