import Provider from 'oidc-provider';

export type Answer = Parameters<Provider['registerResponseMode']>[1];

/**
 * The library's provider with our own way to answer in each response mode. The library registers its modes while it is
 * constructed and keeps the first one of a name, so ours takes the place of its own there.
 */
export function providerAnswering(by: (mode: string, stock: Answer) => Answer): typeof Provider {
  return class extends Provider {
    override registerResponseMode(name: string, handler: Answer): void {
      super.registerResponseMode(name, by(name, handler));
    }
  };
}
