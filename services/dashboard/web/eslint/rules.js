/** The front end's own lint rules. Each has its reason here and its test in rules.test.ts. */

const JAPANESE = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9d]/
const MACROS = new Set(['t', 'msg', 'defineMessage', 'plural', 'select', 'selectOrdinal'])
const COMPONENTS = new Set(['Trans', 'Plural', 'Select', 'SelectOrdinal'])

/** True inside <Trans>, t`…`, plural(…) and the like: there the text reaches the catalogue. */
function inMacro(node) {
  for (let at = node.parent; at; at = at.parent) {
    if (at.type === 'TaggedTemplateExpression' && MACROS.has(at.tag.name)) return true
    if (at.type === 'CallExpression' && MACROS.has(at.callee.name)) return true
    if (at.type === 'JSXElement' && COMPONENTS.has(at.openingElement.name.name)) return true
  }
  return false
}

/** Words live in the catalogue, so that another language, ふりがな or やさしい日本語 can replace them. */
export const noLooseWords = {
  meta: { type: 'problem', messages: { loose: 'Japanese text outside <Trans>, t`…` or plural(…): it cannot be translated.' }, schema: [] },
  create(context) {
    const check = (node, text) => {
      if (JAPANESE.test(text) && !inMacro(node)) context.report({ node, messageId: 'loose' })
    }
    return {
      Literal: (node) => typeof node.value === 'string' && check(node, node.value),
      TemplateElement: (node) => check(node, node.value.raw),
      JSXText: (node) => check(node, node.value),
    }
  },
}

/** The Enter that confirms a conversion is not an Enter; only grid/ can tell them apart (grid/ime.ts). */
export const noRawEnter = {
  meta: { type: 'problem', messages: { raw: "Compare with Enter only through isEnter() of '~/grid/ime': input methods send it too." }, schema: [] },
  create(context) {
    return {
      Literal(node) {
        if (node.value !== 'Enter') return
        const { parent } = node
        const compared = parent.type === 'BinaryExpression' || parent.type === 'SwitchCase' || (parent.type === 'Property' && parent.key === node)
        if (compared) context.report({ node, messageId: 'raw' })
      },
    }
  },
}

/** `new Date(text)` reads a day as midnight in London and a time in the device's zone. */
export const noDateParsing = {
  meta: { type: 'problem', messages: { parsed: "Dates are read by '~/dates/dates'; the clock by '~/dates/clock'." }, schema: [] },
  create(context) {
    const number = (node) =>
      node && (node.type === 'BinaryExpression' || (node.type === 'CallExpression' && /^(Date\.UTC|utc|clock\.now)$/.test(context.sourceCode.getText(node.callee))) || node.type === 'Identifier')
    return {
      NewExpression(node) {
        if (node.callee.name === 'Date' && !number(node.arguments[0])) context.report({ node, messageId: 'parsed' })
      },
      CallExpression(node) {
        if (/^Date\.(parse|now)$/.test(context.sourceCode.getText(node.callee))) context.report({ node, messageId: 'parsed' })
      },
    }
  },
}

/** Colours have names (tokens/tokens.css): contrast is checked there, once. */
export const noColours = {
  meta: { type: 'problem', messages: { colour: 'A colour outside tokens/: name a role of tokens.css instead.' }, schema: [] },
  create(context) {
    const check = (node, text) => {
      if (/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|oklab|lab|lch)a?\(/i.test(text)) context.report({ node, messageId: 'colour' })
    }
    return {
      Literal: (node) => typeof node.value === 'string' && check(node, node.value),
      TemplateElement: (node) => check(node, node.value.raw),
    }
  },
}

/** A screen stands on its own; parts know neither roles nor servers. */
export const layers = {
  meta: { type: 'problem', messages: { wrong: '{{ from }} must not import {{ to }}.' }, schema: [] },
  create(context) {
    const file = context.filename.replaceAll('\\', '/')
    const own = /\/src\/(screens\/[^/]+\/[^/]+|[^/]+)\//.exec(file)?.[1] ?? ''
    const room = own.split('/')[0]
    return {
      ImportDeclaration(node) {
        const to = /^~\/(screens\/[^/]+\/[^/]+|[^/]+)/.exec(node.source.value)?.[1]
        if (!to || to === own) return
        const target = to.split('/')[0]
        const wrong =
          (room === 'screens' && target === 'screens') ||
          (room === 'parts' && ['screens', 'app', 'outbox', 'live'].includes(target)) ||
          (room === 'grid' && ['screens', 'app', 'api', 'outbox', 'live'].includes(target)) ||
          (['api', 'dates'].includes(room) && ['screens', 'app', 'parts', 'grid', 'outbox', 'live'].includes(target))
        if (wrong) context.report({ node, messageId: 'wrong', data: { from: own, to } })
      },
    }
  },
}

export default { rules: { 'no-loose-words': noLooseWords, 'no-raw-enter': noRawEnter, 'no-date-parsing': noDateParsing, 'no-colours': noColours, layers } }
