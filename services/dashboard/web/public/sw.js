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
    if (!/^\/(api|auth|health|stop)\//.test(pathname)) event.respondWith(page(event))
  } else if (pathname.startsWith('/assets/')) event.respondWith(file(request))
})

/** A page says which files it came with before there was a worker. */
self.addEventListener('message', (event) => {
  const paths = event.data?.keep
  if (Array.isArray(paths)) event.waitUntil(Promise.all(paths.filter((path) => String(path).startsWith('/assets/')).map((path) => file(new Request(path)).catch(() => undefined))))
})

/** From the network; without one, or from a server that is full, the frame that was kept. */
async function page(event) {
  try {
    const answer = await fetch(event.request)
    if (answer.status < 500) {
      if (answer.ok && answer.headers.get('content-type')?.startsWith('text/html')) event.waitUntil(keep(answer.clone()))
      return answer
    }
    return (await kept()) ?? answer
  } catch (error) {
    const frame = await kept()
    if (frame) return frame
    throw error
  }
}

const kept = async () => (await caches.open(SHELL)).match(INDEX)

/** A frame takes the other's place once the files that it names are there, or the next start without a network is blank. */
async function keep(frame) {
  const names = (await frame.clone().text()).match(/\/assets\/[\w.-]+/g) ?? []
  const files = await Promise.all(names.map((name) => file(new Request(name)).catch(() => undefined)))
  if (files.every((one) => one?.ok)) await (await caches.open(SHELL)).put(INDEX, frame)
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

/** The page if it stands open, else a new one: none is led away, something may be half written there. Only our own pages are opened. */
async function open(path) {
  const to = new URL(typeof path === 'string' ? path : '/', self.location.origin)
  if (to.origin !== self.location.origin) return
  const there = (await self.clients.matchAll({ type: 'window' })).find(({ url }) => new URL(url).pathname === to.pathname)
  await (there ? there.focus() : self.clients.openWindow(to.href))
}
