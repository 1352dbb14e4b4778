import type { Found, Loss, Run, Scope, Upload, UploadState } from '../src/screens/office/imports/types'

type Held = { held?: boolean }

export const FOUND: Found
export const LOSSES: readonly Loss[]
export class Imports {
  scopes: Scope[]
  uploads: (Upload & Held)[]
  runs: (Run & Held)[]
  next: { state: UploadState; found: Found }
  run(more?: Partial<Run> & Held): Run
  upload(state: UploadState, found?: Found, more?: Partial<Upload> & Held): Upload
}
