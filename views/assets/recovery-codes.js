// Copies, downloads and prints what the page shows; without it, the list can be selected and printed by hand.
const list = document.querySelector('[data-codes]');
const bar = document.querySelector('[data-codes-actions]');

if (list && bar) {
  const textOf = (selector) => document.querySelector(selector)?.textContent.trim() ?? '';
  const service = textOf('.brand');
  const account = textOf('[data-codes-account]') || textOf('.who .address');
  const date = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'long' }).format();
  // What they are for, for whoever finds the file or the paper in a year.
  const about = [`${service} – ${list.getAttribute('aria-label')}`, account, date].filter(Boolean).join('\n');
  const codes = () => [...list.querySelectorAll('code')].map((code) => code.textContent).join('\n') + '\n';

  const head = document.createElement('p');
  head.className = 'codes-head';
  head.textContent = about;
  list.before(head);

  bar.hidden = false;
  bar.querySelector('[data-copy]')?.addEventListener('click', ({ currentTarget: button }) => {
    void navigator.clipboard.writeText(codes()).then(() => {
      button.textContent = button.dataset.done;
    });
  });
  bar.querySelector('[data-print]')?.addEventListener('click', () => globalThis.print());
  bar.querySelector('[data-download]')?.addEventListener('click', () => {
    const link = document.createElement('a');
    const name = [service, 'recovery-codes']
      .join('-')
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-/, '');
    link.href = URL.createObjectURL(new Blob([`${about}\n\n${codes()}`], { type: 'text/plain' }));
    link.download = `${name}.txt`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
