/** Keeps the frame on this device (public/sw.js). A browser that does not want to is no worse off. */
export function keepShell(): void {
  if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js').catch(() => undefined)
}
