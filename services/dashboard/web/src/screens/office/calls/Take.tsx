import { t } from '@lingui/core/macro'
import { Trans } from '@lingui/react/macro'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useCommand } from '~/api/useCommand'
import { useMe } from '~/app/me'
import { isEnter, isImeKey, letterOf } from '~/grid/ime'
import { Block } from '~/parts/Block'
import { Button } from '~/parts/Button'
import { DayField, dayMissing, useDay } from '~/parts/DayField'
import { kanaOf } from '~/parts/Name'
import { Refused } from '~/parts/Refused'
import { Strip } from '~/parts/Strip'
import { TextLine } from '~/parts/TextLine'
import { Tiles } from '~/parts/Tiles'
import panel from '~/parts/Panel.module.css'
import { changePath, KEY, noticesPath, replyPath, withdrawPath, type Notice, type PupilNotices, type Saved } from './data'
import { Notices } from './Notices'
import { Reply } from './Reply'
import { blank, bodyOf, fromToday, SOMEBODY, SOMEBODY_KEY, standingOn, TELLER_KEYS, TILES, toldOf, type TileId, type Told } from './rules'
import { arrivedWord, tileWord } from './words'
import styles from './calls.module.css'

interface TakeProps {
  readonly page: PupilNotices
  readonly onDone: (words: string) => void
  readonly onBack: () => void
}

/** A child: what was told already, and what is told now. */
export function Take({ page, onDone, onBack }: TakeProps) {
  const me = useMe()
  const queries = useQueryClient()
  const [changing, setChanging] = useState<Notice | null>(null)
  const { send, sending, error, forget } = useCommand<Saved>(me.person.id)
  const name = `${page.pupil.family} ${page.pupil.given}`
  const there = standingOn(page.notices, me.today)

  async function done(path: string, body: unknown, words: string) {
    if (sending || !(await send(path, body))) return
    await queries.invalidateQueries({ queryKey: [KEY] })
    onDone(words)
  }

  function deliver(body: Record<string, unknown>, tile: TileId) {
    const word = tileWord(tile)
    if (changing) void done(changePath(changing.notice), { ...body, seen: changing.revision }, t`${name}さんの連絡を「${word}」に変えて届けました`)
    else void done(noticesPath, { ...body, pupils: [page.pupil.id] }, t`${name}さんの「${word}」を届けました`)
  }

  return (
    <div className={styles.child}>
      <p className={styles.who}>
        {page.pupil.class_name !== null && (
          <span>
            {page.pupil.class_name} {page.pupil.number !== null && <Trans>{page.pupil.number}番</Trans>}
          </span>
        )}
        <strong>{name}</strong>
        <span className={panel.aside}>{kanaOf(page.pupil)}</span>
        <Button look="text" size="small" onPress={onBack}>
          <Trans>べつの子にする</Trans>
        </Button>
      </p>
      {!changing &&
        there.map((notice) => (
          <Strip
            key={notice.notice}
            kind="look"
            action={
              <Button size="small" onPress={() => setChanging(notice)}>
                <Trans>この連絡を変える</Trans>
              </Button>
            }
          >
            {arrivedWord(notice, me.today)}
          </Strip>
        ))}
      <Form
        key={changing?.notice ?? ''}
        page={page}
        told={changing ? toldOf(changing) : blank(me.today)}
        act={changing ? t`変えて伝える` : t`この連絡を担任に伝える`}
        refused={<Refused error={error} />}
        onChange={forget}
        onDeliver={deliver}
        onBack={changing ? () => setChanging(null) : onBack}
      />
      <Block title={<Trans>この子の連絡</Trans>}>
        <Notices
          notices={fromToday(page.notices, me.today)}
          empty={<Trans>きょうから先の連絡はまだありません。</Trans>}
          acts={(notice) => (
            <>
              <Button size="small" onPress={() => setChanging(notice)}>
                <Trans>変える</Trans>
              </Button>
              <Button size="small" onPress={() => void done(withdrawPath(notice.notice), { seen: notice.revision }, t`${name}さんの連絡を取り消しました`)}>
                <Trans>取り消す</Trans>
              </Button>
              {notice.guardian !== null && <Reply sending={sending} onReply={(words) => void done(replyPath(notice.notice), { seen: notice.revision, words }, t`${name}さんの連絡に返信しました`)} />}
            </>
          )}
        />
      </Block>
    </div>
  )
}

interface FormProps {
  readonly page: PupilNotices
  readonly told: Told
  /** The word of the press that sends it. */
  readonly act: string
  readonly refused: ReactNode
  readonly onChange: () => void
  readonly onDeliver: (body: Record<string, unknown>, tile: TileId) => void
  readonly onBack: () => void
}

function Form({ page, told, act, refused, onChange, onDeliver, onBack }: FormProps) {
  const me = useMe()
  const [tile, setTile] = useState(told.tile)
  const [teller, setTeller] = useState(told.teller)
  const [tellerWords, setTellerWords] = useState(told.tellerWords)
  const [words, setWords] = useState(told.words)
  const [channel, setChannel] = useState(told.channel)
  const [since, last] = [useDay(told.since), useDay(told.last)]
  const [tried, setTried] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  // Keys choose at once, without a mouse: the form has them, no field of it.
  useEffect(() => form.current?.focus(), [])
  const missing = [
    tile === null && t`何の連絡かをえらんでください`,
    teller === null && t`だれからの連絡かをえらんでください`,
    teller === SOMEBODY && tellerWords.trim() === '' && t`だれからの連絡かを書いてください`,
    tile === 'other' && words.trim() === '' && t`そのほかの連絡は、内容を一言書いてください`,
    dayMissing(t`始まりの日`, since, true),
    dayMissing(t`終わりの日`, last, true),
    since.day !== null && last.day !== null && last.day < since.day && t`終わりの日が、始まりの日より前です`,
  ].filter((each) => each !== false)

  function deliver() {
    setTried(true)
    const body = bodyOf({ tile, teller, tellerWords, words, channel, since: since.day, last: last.day })
    if (missing.length === 0 && body && tile) onDeliver(body, tile)
  }

  function press(event: KeyboardEvent) {
    if (isImeKey(event.nativeEvent)) return
    if (isEnter(event.nativeEvent) && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      deliver()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return
    const letter = letterOf(event.nativeEvent)
    const chosen = TILES.find(({ key }) => key === letter)
    const guardian = page.guardians[TELLER_KEYS.findIndex((key) => key === letter)]
    if (chosen) setTile(chosen.value)
    else if (guardian) setTeller(guardian.id)
    else if (letter === SOMEBODY_KEY) setTeller(SOMEBODY)
    else return
    event.preventDefault()
    onChange()
  }

  return (
    <form
      ref={form}
      tabIndex={-1}
      className={styles.form}
      noValidate
      aria-label={t`連絡の内容`}
      onKeyDown={press}
      onSubmit={(event) => {
        event.preventDefault()
        deliver()
      }}
    >
      <Tiles
        label={t`何の連絡ですか`}
        required
        value={tile}
        onChange={(value) => setTile(value as TileId)}
        tiles={TILES.map(({ value, key }) => ({ value, content: tileWord(value), shortcut: key }))}
      />
      <Tiles
        label={t`だれからですか`}
        required
        value={teller}
        onChange={setTeller}
        tiles={[
          ...page.guardians.map(({ id, family, given, relation_word }, i) => ({
            value: id,
            content: (
              <>
                {relation_word} {family} {given}
              </>
            ),
            ...(TELLER_KEYS[i] === undefined ? {} : { shortcut: TELLER_KEYS[i] }),
          })),
          { value: SOMEBODY, content: <Trans>ほかの人</Trans>, shortcut: SOMEBODY_KEY },
        ]}
      />
      {teller === SOMEBODY && <TextLine label={t`だれから（祖母、近所の人など）`} value={tellerWords} onChange={setTellerWords} max={200} required autoFocus />}
      <div className={styles.two}>
        <DayField label={t`始まりの日`} required {...since.field} today={me.today} />
        <DayField label={t`終わりの日`} required {...last.field} today={me.today} />
      </div>
      <Tiles
        label={t`どう届きましたか`}
        value={channel}
        onChange={(value) => setChannel(value === 'paper' ? 'paper' : 'phone')}
        tiles={[
          { value: 'phone', content: <Trans>電話</Trans> },
          { value: 'paper', content: <Trans>連絡帳・書面</Trans> },
        ]}
      />
      <TextLine label={t`聞いたこと（熱、通院など）`} value={words} onChange={setWords} max={200} required={tile === 'other'} />
      {tried && missing.length > 0 && (
        <div className={panel.wait} role="alert">
          <ul>
            {missing.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
      {refused}
      <div className={panel.bar}>
        <Button look="filled" type="submit" shortcut="Ctrl+Enter">
          {act}
        </Button>
        <Button onPress={onBack}>
          <Trans>やめる</Trans>
        </Button>
      </div>
    </form>
  )
}

/** Where letters and digits are written. */
function isField(target: EventTarget): boolean {
  return target instanceof Element && target.closest('input:not([type=radio]), textarea, select') !== null
}
