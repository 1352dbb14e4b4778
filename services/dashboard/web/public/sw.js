/**
 * Keeps the shell on the device: the page's frame and its files, so that an installed 紬 opens at once and says what is
 * the matter where there is no network. Nothing of anybody's data is kept here: /api and /auth are not touched, what was
 * entered is the outbox's. A page always comes from the network when there is one, so a new version needs no reload and
 * none is ever forced: its files have names of their own.
 */
const SHELL = 'tsumugi-shell-1'
const INDEX = '/'
/** Files of versions that are gone make room: a version has about a hundred. */
const MOST = 300

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SHELL).then((shell) => shell.add(new Request(INDEX, { cache: 'reload' }))))
  self.skipWaiting()
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith('tsumugi-shell-') && name !== SHELL).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (request.mode === 'navigate') {
    if (!/^\/(api|auth|health)\//.test(pathname)) event.respondWith(page(request))
  } else if (pathname.startsWith('/assets/')) event.respondWith(file(request))
})

/** A page says which files it came with before there was a worker. */
self.addEventListener('message', (event) => {
  const paths = event.data?.keep
  if (Array.isArray(paths)) event.waitUntil(Promise.all(paths.filter((path) => String(path).startsWith('/assets/')).map((path) => file(new Request(path)).catch(() => undefined))))
})

/** From the network; without one the frame that was kept. */
async function page(request) {
  const shell = await caches.open(SHELL)
  try {
    const answer = await fetch(request)
    if (answer.ok && answer.headers.get('content-type')?.startsWith('text/html')) await shell.put(INDEX, answer.clone())
    return answer
  } catch (error) {
    const kept = await shell.match(INDEX)
    if (kept) return kept
    throw error
  }
}

/** A file with its content in its name never changes. */
async function file(request) {
  const shell = await caches.open(SHELL)
  const kept = await shell.match(request)
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.ok) {
    await shell.put(request, answer.clone())
    const all = await shell.keys()
    await Promise.all(all.slice(0, Math.max(0, all.length - MOST)).filter(({ url }) => new URL(url).pathname !== INDEX).map((old) => shell.delete(old)))
  }
  return answer
}

/** A message of the school: what it says is written by the service (services/messaging/channels), of a child nothing. */
self.addEventListener('push', (event) => {
  const said = event.data?.json()
  if (said) event.waitUntil(self.registration.showNotification(said.title, { body: said.body, tag: said.id, icon: '/icon.svg', data: { open: said.open } }))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data?.open))
})

/** The page that is open already goes there; else a new one. Only our own pages are opened. */
async function open(path) {
  const to = new URL(typeof path === 'string' ? path : '/', self.location.origin)
  if (to.origin !== self.location.origin) return
  const [page] = await self.clients.matchAll({ type: 'window' })
  if (!page) await self.clients.openWindow(to.href)
  else await (await page.focus()).navigate(to.href)
}
