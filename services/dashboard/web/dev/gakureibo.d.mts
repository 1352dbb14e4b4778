import type { Content, Look, Mapping } from '../src/screens/office/gakureibo/data'

export const LOOK: Look
export class Gakureibo {
  mappings: Mapping[]
  look: Look
  act(path: '/mappings', body: { name: string; seen: number; content: Content }): Mapping
}
