import { speakAsBefore } from '~/languages/speaking'
import Frame from './Frame'

/** The frame, once it speaks the language of its reader. */
export async function arrive(): Promise<{ readonly default: typeof Frame }> {
  await speakAsBefore()
  return { default: Frame }
}
