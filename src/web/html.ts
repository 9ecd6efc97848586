/**
 * The one private class that a template may put out unescaped. Only `web/render.ts` makes one of templates; everything
 * else is escaped. Features may pass it on, never build it from text.
 */
export class Html {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** For `web/` alone: the text must be ours (a rendered template), never anything that came in. */
  static trusted(text: string): Html {
    return new Html(text);
  }

  toString(): string {
    return this.#text;
  }
}
