import Provider from 'oidc-provider';

type Answer = Parameters<Provider['registerResponseMode']>[1];

/**
 * The library's provider with our own page for `form_post`. The library registers its response modes while it is
 * constructed and keeps the first one of a name, so ours takes the place of its own there.
 */
export function providerWithFormPost(answer: Answer): typeof Provider {
  return class extends Provider {
    override registerResponseMode(name: string, handler: Answer): void {
      super.registerResponseMode(name, name === 'form_post' ? answer : handler);
    }
  };
}
