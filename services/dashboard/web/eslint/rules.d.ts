import type { Rule } from 'eslint'
export const noLooseWords: Rule.RuleModule
export const noRawEnter: Rule.RuleModule
export const noDateParsing: Rule.RuleModule
export const noColours: Rule.RuleModule
export const layers: Rule.RuleModule
declare const plugin: { rules: Record<string, Rule.RuleModule> }
export default plugin
