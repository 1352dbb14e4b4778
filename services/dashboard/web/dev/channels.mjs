/** How a guardian is told, as messaging answers. Not a model of its rules. */
import { id } from './town.mjs'

const PATH = '/api/messaging/v1/family/channels'

export class ChannelDesk {
  constructor(mock, Refuse) {
    this.mock = mock
    this.refuse = Refuse
    this.page = { mail: true, kept: false, push: true, push_key: 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8', quiet_from: '21:00', quiet_until: '07:00', channels: [] }
    this.code = '123456'
    this.made = 0
  }

  add(said) {
    this.made += 1
    const at = this.mock.clock().toISOString()
    const made = { channel: id('c4a1', this.made), kind: 'email', address: null, label: '', made_at: at, confirmed: false, gone: false, last: null, ...said }
    this.page.channels.push(made)
    return made
  }

  view(who, path) {
    return path === PATH && who === 'guardian' ? this.page : null
  }

  act(who, path, body) {
    if (!path.startsWith(PATH) || who !== 'guardian') return null
    const [first, act] = path.slice(PATH.length + 1).split('/')
    if (first === 'email') {
      if (!/^[^@]+@[^@]+$/.test(body.address)) throw new this.refuse(422, 'channel-refused', '保存していません', 'メールアドレスの形になっていません。@ の前と後ろを確かめてください。')
      return { channel: this.add({ address: body.address, last: { what: 'code', state: 'handed_over', reason: null, at: this.mock.clock().toISOString() } }).channel, after: null }
    }
    if (first === 'push') return { channel: this.add({ kind: 'push', label: body.label, confirmed: true }).channel, after: null }
    const found = this.page.channels.find(({ channel }) => channel === first)
    if (act === 'remove') this.page.channels = this.page.channels.filter((one) => one !== found)
    if (act === 'confirm') {
      found.confirmed = body.code === this.code
      return { channel: first, confirmed: found.confirmed, tries_left: found.confirmed ? 0 : 4, after: null }
    }
    return { channel: first, after: null }
  }
}
