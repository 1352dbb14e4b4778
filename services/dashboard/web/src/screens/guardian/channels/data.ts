import { queryOptions } from '@tanstack/react-query'
import { read } from '~/api/http'

export type Kind = 'email' | 'push'

/** The newest message to a channel. */
export interface Last {
  readonly what: 'code' | 'confirmed' | 'answered'
  readonly state: 'waiting' | 'handed_over' | 'gave_up' | 'gone'
  readonly reason: string | null
  readonly at: string
}

/** An address or a device of one's own. */
export interface Channel {
  readonly channel: string
  readonly kind: Kind
  readonly address: string | null
  readonly label: string
  readonly made_at: string
  readonly confirmed: boolean
  readonly gone: boolean
  readonly last: Last | null
}

export interface Channels {
  readonly mail: boolean
  /** A town for trying: its mails are read on the machine it runs on. */
  readonly kept: boolean
  readonly push: boolean
  readonly push_key: string | null
  readonly quiet_from: string
  readonly quiet_until: string
  readonly channels: readonly Channel[]
}

export interface Saved {
  readonly channel: string
  readonly confirmed?: boolean
  readonly tries_left?: number
}

export const CHANNELS_PATH = '/api/messaging/v1/family/channels'
export const channelPath = (channel: string, act: 'confirm' | 'code' | 'remove') => `${CHANNELS_PATH}/${channel}/${act}`

/** While a message is on its way, what became of it is looked at again. */
const SOON_MS = 5_000

export const channelsQuery = queryOptions({
  queryKey: ['channels'],
  queryFn: ({ signal }) => read<Channels>(CHANNELS_PATH, signal),
  refetchInterval: ({ state: { data } }) => (data?.channels.some(({ last }) => last?.state === 'waiting') ? SOON_MS : false),
  refetchOnWindowFocus: 'always',
})
