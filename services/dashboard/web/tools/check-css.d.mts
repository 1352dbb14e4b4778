export function problems(css: string, options?: { tokens?: boolean }): string[]
